//! Rule sets as text that `iptables-restore` accepts.
