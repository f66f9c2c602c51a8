//! Ports: those that are reserved stay so, and no test gives one away before it is used.

use std::{
    collections::BTreeSet,
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
};

use crate::{
    port::Port,
    redis_server::{Ports, RedisServer},
};

fn listen(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port))
}

#[test]
fn a_reserved_port_is_given_to_nobody_else() {
    let reserved = Port::reserve();
    let others: Vec<_> = (0..500).map(|_| listen(0).unwrap()).collect();
    let given: BTreeSet<_> = others.iter().map(|other| other.local_addr().unwrap().port()).collect();
    assert!(!given.contains(&reserved.number()));
    let connections: Vec<_> =
        others.iter().map(|other| TcpStream::connect(other.local_addr().unwrap()).unwrap()).collect();
    assert!(connections.iter().all(|connection| connection.local_addr().unwrap().port() != reserved.number()));
    assert!(Port::at(reserved.number()).is_none(), "nor is it reserved twice");
}

#[test]
fn a_reserved_port_is_free_at_each_start_of_a_server() {
    let reserved = Port::reserve();
    for _ in 0..3 {
        assert!(TcpStream::connect(("127.0.0.1", reserved.number())).is_err(), "nobody answers there");
        let server = listen(reserved.number()).unwrap();
        TcpStream::connect(("127.0.0.1", reserved.number())).unwrap();
        drop(server);
    }
}

#[test]
fn a_port_that_is_taken_is_not_reserved() {
    let taken = listen(0).unwrap();
    assert!(Port::at(taken.local_addr().unwrap().port()).is_none());
}

#[test]
fn a_server_whose_port_is_taken_starts_on_another() {
    // Each was reserved and is listened on by somebody else all the same: its own port, and the one of its bus.
    let (own, with_bus, free) = (Ports::reserve(), Ports::reserve(), Ports::reserve());
    let numbers = [own.number(), with_bus.number(), free.number()];
    let _taken = (listen(numbers[0]).unwrap(), listen(numbers[1] + 10_000).unwrap());
    let ports = [own, with_bus, free];
    let Some(redis) = RedisServer::start_at(ports, &["--cluster-enabled", "yes"]) else { return };
    assert!(!numbers[..2].contains(&redis.port()), "{} of {numbers:?}", redis.port());
    assert_eq!(redis.cli(&["PING"]), "PONG");
}

/// A listener that is dropped in the expression which asks it for its port.
#[test]
fn no_test_drops_a_listener_to_reuse_its_port_number() {
    let mut wrong = Vec::new();
    for directory in ["tests", "examples", "benches"] {
        look(&Path::new(env!("CARGO_MANIFEST_DIR")).join(directory), &mut wrong);
    }
    assert_eq!(wrong, Vec::<String>::new(), "listen on port 0 and tell the port, or hold a `Port` of tests/it/port.rs");
    assert!(given_away("let port = TcpListener::bind(\"127.0.0.1:0\")?.local_addr()?.port();"));
    assert!(given_away("TcpListener::bind(any).await\n    .unwrap()\n    .local_addr()"));
    assert!(!given_away("let listener = TcpListener::bind(any)?; let port = listener.local_addr()?.port();"));
}

fn look(directory: &Path, wrong: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
            look(&path, wrong);
        }
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        // This file has examples of it, and those start their servers again where the port was taken meanwhile.
        let may = [file!(), "tests/browser/tests/app.rs", "tests/browser/tests/engine.rs"];
        if is_source && !may.iter().any(|file| path.ends_with(file)) && given_away(&fs::read_to_string(&path).unwrap())
        {
            wrong.push(path.display().to_string());
        }
    }
}

fn given_away(source: &str) -> bool {
    source.split("Listener::bind(").skip(1).any(|rest| rest.split(';').next().unwrap().contains(".local_addr()"))
}
