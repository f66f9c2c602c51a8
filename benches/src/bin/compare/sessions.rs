//! The session of a request: read from its cookies, written to them, and how long they are.

use std::time::Duration;

use logto_benches::{Floor, User};
use serde_json::json;

use crate::{
    Pace, Result,
    figure::{Claim, Contender, Figure, cpu_ns},
    node::Peer,
    row::{Bound, Row},
};

const READ: &str = "get_context";
const FLOOR: &str = "base64-simd, aws-lc-rs, serde_json";
const NODE: &str = "@logto/node getContext";
const WRITE: &str = "session sealed";
const WRAP: &str = "@logto/node wrapSession";
const IRON: &str = "iron-session sealData";
const NOBODY: &str = "request without a session";

pub fn rows(pace: Pace) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for figure in [
        reading("get_context of a session in a cookie", User::recorded(), 20.0, Bound::AtMostTimes(3.0), pace)?,
        reading("the same, user in 100 organizations", User::in_organizations(100), 4.0, Bound::Stated, pace)?,
        writing(pace)?,
        nobody(pace),
    ] {
        rows.extend(figure.measure(pace)?);
    }
    rows.extend(sizes()?);
    Ok(rows)
}

fn reading(name: &'static str, user: User, times: f64, floor: Bound, pace: Pace) -> Result<Figure> {
    let bytes = Floor::of(&user);
    let node = peer("getContext", NODE, &user, pace.turn)?;
    let contenders = vec![
        Contender::new(READ, move || Ok(cpu_ns(pace.turn, || drop(user.get_context())))),
        Contender::new(FLOOR, move || Ok(cpu_ns(pace.turn, || drop(bytes.read())))),
        node,
    ];
    let claim = |peer, bound| Claim { name, unit: "ns", ours: READ, peer: Some(peer), bound };
    Ok(Figure { contenders, claims: vec![claim(NODE, Bound::TimesFaster(times)), claim(FLOOR, floor)] })
}

fn writing(pace: Pace) -> Result<Figure> {
    let user = User::recorded();
    let (wrap, iron) = (peer("wrapSession", WRAP, &user, pace.turn)?, peer("sealData", IRON, &user, pace.turn)?);
    // A session is written where it was read, so what reading takes is measured beside it and taken off.
    let ours = Contender::new(WRITE, move || {
        let read = cpu_ns(pace.turn / 2, || drop(user.load()));
        Ok(cpu_ns(pace.turn / 2, || drop(user.write())) - read)
    });
    let claim = |peer, bound| Claim {
        name: "session sealed into its cookie",
        unit: "ns",
        ours: WRITE,
        peer: Some(peer),
        bound: Bound::TimesFaster(bound),
    };
    Ok(Figure { contenders: vec![ours, wrap, iron], claims: vec![claim(WRAP, 20.0), claim(IRON, 80.0)] })
}

fn nobody(pace: Pace) -> Figure {
    let user = User::recorded();
    let ours = Contender::new(NOBODY, move || Ok(cpu_ns(pace.turn, || drop(user.nobody()))));
    let claim = Claim { name: NOBODY, unit: "ns", ours: NOBODY, peer: None, bound: Bound::Under(200.0) };
    Figure { contenders: vec![ours], claims: vec![claim] }
}

fn peer(call: &'static str, name: &'static str, user: &User, turn: Duration) -> Result<Contender> {
    let mut peer = start(call, user)?.0;
    Ok(Contender::new(name, move || peer.turn(turn)))
}

/// The peer, and the cookie's value that it made.
fn start(call: &str, user: &User) -> Result<(Peer, String)> {
    let input = json!({ "call": call, "session": user.session, "secret": user.secret, "config": User::peer_config() });
    let mut peer = Peer::start("session.mjs", &input)?;
    let value = peer.line()?;
    Ok((peer, value))
}

/// Bytes of the `Cookie` header, with names.
fn sizes() -> Result<Vec<Row>> {
    let bytes = |length: usize| -> Result<f64> { Ok(f64::from(u32::try_from(length)?)) };
    let mut rows = Vec::new();
    for (name, organizations, bound) in [
        ("cookies, no organization", 0, Bound::AtMostTimes(0.6)),
        ("cookies, 10 organizations", 10, Bound::Stated),
        ("cookies, 50 organizations", 50, Bound::Stated),
        ("cookies, 100 organizations", 100, Bound::AtMostTimes(0.35)),
        ("cookies, 150 organizations", 150, Bound::Stated),
        ("cookies, 200 organizations", 200, Bound::Stated),
    ] {
        let user = User::in_organizations(organizations);
        for (peer, call, cookie) in
            [("@logto/node", "wrapSession", "logto_h8rc2xdlth5ihimk3tfuc="), ("iron-session", "sealData", "session=")]
        {
            let theirs = bytes(cookie.len() + start(call, &user)?.1.len())?;
            rows.push(Row::exact(name, "bytes", bytes(user.cookie_header().len())?, (peer, theirs), bound));
        }
    }
    Ok(rows)
}
