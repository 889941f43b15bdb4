//! Clients that ask as soon as they are answered.

use super::client::{Client, Request};
use super::fill::{Filled, PASSWORD};
use super::routes::{ROUTES, Route};
use crate::process::Process;
use crate::stats::{Histogram, Rng};
use anyhow::{Context as _, Result, bail};
use futures_util::TryStreamExt as _;
use futures_util::stream::FuturesUnordered;
use std::time::{Duration, Instant};

/// A person's access token.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) token: String,
}

/// The first people, one for each client.
pub(crate) async fn sign_in(
    address: &str,
    filled: &Filled,
    clients: usize,
) -> Result<Vec<SignedIn>> {
    let mut people = Vec::new();
    for person in filled.people.iter().take(clients) {
        let body = format!(r#"{{"email":"{}","password":"{PASSWORD}"}}"#, person.email);
        let login = Request {
            method: "POST",
            path: "/api/v1/auth/login",
            token: None,
            headers: "",
            body: &body,
        };
        let answer = Client::connect(address).await?.ask(&login).await?;
        let body: serde_json::Value = serde_json::from_slice(&answer.body)?;
        let token = body["access_token"].as_str();
        let token = token.with_context(|| format!("a sign-in was answered {body}"))?;
        people.push(SignedIn {
            token: token.to_owned(),
        });
    }
    Ok(people)
}

/// What was seen of one route.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    pub(crate) answered: u64,
    pub(crate) latency: Histogram,
    cpu: Duration,
}

impl Measured {
    /// Nothing where other routes were asked for at the same time.
    pub(crate) fn per_cpu_second(&self) -> Option<f64> {
        let seconds = self.cpu.as_secs_f64();
        (seconds > 0.0).then(|| self.answered as f64 / seconds)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Load {
    pub(crate) address: String,
    pub(crate) seed: u64,
}

impl Load {
    /// Everything at once; route by route, in their order.
    pub(crate) async fn mixed(
        &self,
        people: &[SignedIn],
        filled: &Filled,
        server: &Process,
        seconds: f64,
    ) -> Result<Vec<Measured>> {
        self.run(people, filled, server, seconds, Route::pick).await
    }

    /// One route and nothing else.
    pub(crate) async fn alone(
        &self,
        route: Route,
        people: &[SignedIn],
        filled: &Filled,
        server: &Process,
        seconds: f64,
    ) -> Result<Measured> {
        let at = ROUTES.iter().position(|known| *known == route);
        let pick = |_: &mut Rng| at.unwrap_or(ROUTES.len());
        let before = server.cpu()?;
        let mut all = self.run(people, filled, server, seconds, pick).await?;
        let mut measured = all.swap_remove(at.unwrap_or(ROUTES.len()));
        measured.cpu = server.cpu()? - before;
        Ok(measured)
    }

    async fn run(
        &self,
        people: &[SignedIn],
        filled: &Filled,
        server: &Process,
        seconds: f64,
        pick: impl Fn(&mut Rng) -> usize + Copy,
    ) -> Result<Vec<Measured>> {
        server.cpu().context("the server runs")?;
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        let asking = people.iter().zip(&filled.people).enumerate();
        let asking = asking.map(|(number, (by, person))| async move {
            let mut rng = Rng(self.seed << 16 | number as u64);
            let mut client = Client::connect(&self.address).await?;
            let mut measured = vec![Measured::default(); ROUTES.len() + 1];
            while Instant::now() < until {
                let at = pick(&mut rng);
                let route = ROUTES.get(at).copied().unwrap_or(Route::Bare);
                let asked = route.ask(&mut rng, by, person, &people[0]);
                let began = Instant::now();
                let answer = client.ask(&asked.request()).await?;
                if !(200..300).contains(&answer.status) {
                    let body = String::from_utf8_lossy(&answer.body);
                    bail!("{} was answered {}: {body}", route.name(), answer.status);
                }
                let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
                measured[at].latency.add(took);
                measured[at].answered += 1;
            }
            Ok(measured)
        });
        let asking: FuturesUnordered<_> = asking.collect();
        let each: Vec<Vec<Measured>> = asking.try_collect().await?;
        let mut sum = vec![Measured::default(); ROUTES.len() + 1];
        for of_client in each {
            for (sum, one) in sum.iter_mut().zip(of_client) {
                sum.answered += one.answered;
                sum.latency.merge(&one.latency);
            }
        }
        Ok(sum)
    }
}
