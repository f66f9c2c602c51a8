//! An access token at an API: seen for the first time, and seen again.

use std::{rc::Rc, time::Duration};

use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED, ParsedPublicKey};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use logto_benches::{MORE_THAN_REMEMBERED, RESOURCE, World, header, point, signed_parts};
use serde_json::{Value, json};

use crate::{
    Pace, Result,
    figure::{Claim, Contender, Figure, cpu_ns},
    node::Peer,
    row::{Bound, Row},
};

const BARE: &str = "aws-lc-rs, key parsed and signature decoded";
const FIRST: &str = "first";
const REPEATED: &str = "repeated";
const JOSE: &str = "jose.jwtVerify";
const JSONWEBTOKEN: &str = "jsonwebtoken::decode";

pub fn rows(pace: Pace) -> Result<Vec<Row>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let world = Rc::new(runtime.block_on(World::start()));
    let tokens: Vec<_> = (0..MORE_THAN_REMEMBERED).map(|number| world.token(number)).collect();
    Figure {
        contenders: vec![
            bare(&world, &tokens, pace.turn)?,
            first(&world, &tokens, pace.turn),
            repeated(&world, pace.turn),
            jsonwebtoken(&world, pace.turn)?,
            jose(&world, pace.turn)?,
        ],
        claims: vec![
            claim("ES384 access token, first time", FIRST, Some(BARE), Bound::AtMostTimes(1.15)),
            claim("ES384 access token, again", REPEATED, None, Bound::Under(2000.0)),
            claim("ES384 access token, again", REPEATED, Some(JOSE), Bound::TimesFaster(100.0)),
            claim("ES384 access token, again", REPEATED, Some(JSONWEBTOKEN), Bound::TimesFaster(100.0)),
        ],
    }
    .measure(pace)
}

fn claim(name: &'static str, ours: &'static str, peer: Option<&'static str>, bound: Bound) -> Claim {
    Claim { name, unit: "ns", ours, peer, bound }
}

/// The floor: nothing but the check, on the bytes of those very tokens.
fn bare(world: &World, tokens: &[String], turn: Duration) -> Result<Contender> {
    let key = ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point(&world.jwk))?;
    let mut parts = tokens.iter().map(|token| signed_parts(token)).collect::<Vec<_>>().into_iter().cycle();
    Ok(Contender::new(BARE, move || {
        Ok(cpu_ns(turn, || {
            let (message, signature) = parts.next().expect("there are tokens");
            key.verify_sig(&message, &signature).expect("the signature is right");
        }))
    }))
}

/// The whole of what a guarded route does, with a token that is not remembered.
fn first(world: &Rc<World>, tokens: &[String], turn: Duration) -> Contender {
    let world = Rc::clone(world);
    let mut headers = tokens.iter().map(|token| header(token)).collect::<Vec<_>>().into_iter().cycle();
    Contender::new(FIRST, move || {
        Ok(cpu_ns(turn, || {
            world.authorize(&headers.next().expect("there are tokens"));
        }))
    })
}

/// The same, with a token that is.
fn repeated(world: &Rc<World>, turn: Duration) -> Contender {
    let world = Rc::clone(world);
    let header = header(&world.token(0));
    Contender::new(REPEATED, move || {
        world.authorize(&header);
        Ok(cpu_ns(turn, || {
            world.authorize(&header);
        }))
    })
}

fn jsonwebtoken(world: &World, turn: Duration) -> Result<Contender> {
    let text = |name: &str| world.jwk[name].as_str().ok_or("the key is on a curve");
    let key = DecodingKey::from_ec_components(text("x")?, text("y")?)?;
    let mut validation = Validation::new(Algorithm::ES384);
    validation.set_issuer(&[world.issuer()]);
    validation.set_audience(&[RESOURCE]);
    let token = world.token(0);
    Ok(Contender::new(JSONWEBTOKEN, move || {
        Ok(cpu_ns(turn, || {
            jsonwebtoken::decode::<Value>(&token, &key, &validation).expect("the token is good");
        }))
    }))
}

fn jose(world: &World, turn: Duration) -> Result<Contender> {
    let mut peer = Peer::start(
        "jose.mjs",
        &json!({
            "jwks": { "keys": [world.jwk] },
            "token": world.token(0),
            "issuer": world.issuer(),
            "audience": RESOURCE,
        }),
    )?;
    Ok(Contender::new(JOSE, move || peer.turn(turn)))
}
