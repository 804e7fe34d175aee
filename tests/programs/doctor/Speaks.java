import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;

/** Speaks PostgreSQL through JDBC. */
public class Speaks {
	public static void main(String[] arguments) throws Exception {
		String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":"
			+ System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE");

		try (Connection connection = DriverManager.getConnection(url, "postgres", "")) {
			ResultSet result = connection.createStatement().executeQuery("select 1");
			result.next();
			System.out.println(result.getInt(1));
		}
	}
}
