//! See the library: it is empty elsewhere than on Linux.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    kernel::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    println!("this is not Linux");
    std::process::ExitCode::from(77)
}
