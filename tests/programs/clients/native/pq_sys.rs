//! Rust on pq-sys: a connection's owner finishes it when dropped, and std::process::exit drops
//! nothing.
use std::ffi::{CStr, CString};
use std::fs::OpenOptions;
use std::io::{Read, Write};

struct Connection(*mut pq_sys::PGconn);

impl Connection {
    fn open() -> Connection {
        let conninfo = CString::new("").unwrap();
        let connection = unsafe { pq_sys::PQconnectdb(conninfo.as_ptr()) }; // leak here
        step_wait();
        Connection(connection)
    }

    fn ask(&self) -> String {
        let query = CString::new("select 'it works'").unwrap();
        unsafe {
            let result = pq_sys::PQexec(self.0, query.as_ptr());
            let answer = CStr::from_ptr(pq_sys::PQgetvalue(result, 0, 0));
            let answer = answer.to_string_lossy().into_owned();
            pq_sys::PQclear(result);
            answer
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        unsafe { pq_sys::PQfinish(self.0) }
        step_wait();
    }
}

/// The program's own step: see tests/programs/step_wait.h.
fn step_wait() {
    let descriptors = match std::env::var("PQLEAK_TEST_STEPS") {
        Ok(descriptors) => descriptors,
        Err(_) => return,
    };
    let (to_test, from_test) = descriptors.split_once(',').unwrap();
    let open = |options: &mut OpenOptions, number| options.open(format!("/dev/fd/{}", number));
    let mut to_test = open(OpenOptions::new().write(true), to_test).unwrap();
    let mut from_test = open(OpenOptions::new().read(true), from_test).unwrap();
    to_test.write_all(b".").unwrap();
    from_test.read_exact(&mut [0]).unwrap();
}

fn work(leaks: bool) {
    let connection = Connection::open();

    println!("{}", connection.ask());
    step_wait();
    if leaks {
        println!("end");
        std::process::exit(0);
    }
}

fn main() {
    work(std::env::args().nth(1).as_deref() == Some("leaks"));
    println!("end");
}
