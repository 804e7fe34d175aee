<?php
/* What frames_oracle.php includes. */

return Oracle\next($ways);
