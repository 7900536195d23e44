//! A model inside a program's own struct, which learns one sample at a time: a thermostat that
//! predicts what its heater will do, and keeps up when the room changes.
//!
//! `cargo run --release --example embedded_in_an_app`

use plywood::prelude::*;
use plywood::random::Stream;

sequential! {
    /// From heater power (0 to 1) and indoor minus outdoor temperature (in 10 K), to the change of
    /// the indoor temperature in the next ten minutes (in K).
    pub struct Room: [2] => [1] {
        Dense(8, tanh),
        Dense(1),
    }
}

/// The application's state: a goal, and a model in training.
struct Thermostat {
    goal: f32,
    room: Training<Box<Room>, Sgd, MeanSquaredError>,
}

impl Thermostat {
    /// The power, in steps of 5 %, that should bring the room nearest to the goal.
    fn choose(&self, indoor: f32, outdoor: f32) -> f32 {
        let miss = |step: &i32| {
            let [change] = self
                .room
                .model()
                .predict(&inputs(power(*step), indoor, outdoor));
            (indoor + change - self.goal).abs()
        };
        let best = (0..=20).min_by(|a, b| miss(a).total_cmp(&miss(b)));
        best.map_or(0.0, power)
    }
}

fn power(step: i32) -> f32 {
    step as f32 / 20.0
}

fn inputs(power: f32, indoor: f32, outdoor: f32) -> [f32; 2] {
    [power, (indoor - outdoor) / 10.0]
}

fn main() -> plywood::Result<()> {
    let room = Training::new(Room::new(42), Sgd::new(0.05), MeanSquaredError);
    let mut thermostat = Thermostat { goal: 21.0, room };
    let mut frozen = Room::new(42); // a copy each morning, the last one on day 6
    let mut random = Stream::new(1);
    let mut indoor = 15.0;
    println!("day  window  error of prediction  of frozen model  off goal");
    for day in 1..=10 {
        // The real room: from day 6 on, a window does not close any more.
        let (window, leak) = [("closed", 0.02), ("open", 0.05)][usize::from(day > 5)];
        if day <= 6 {
            frozen.set_weights(&thermostat.room.model().get_weights())?;
        }
        let [mut squares, mut frozen_squares, mut distance] = [0.0; 3];
        for step in 0..144 {
            let outdoor = 5.0 + 4.0 * (step as f32 / 144.0 * std::f32::consts::TAU).sin();
            let mut power = thermostat.choose(indoor, outdoor);
            if random.below(10) == 0 {
                power = random.uniform() as f32; // who never tries never learns
            }
            let noise = 0.02 * random.normal() as f32;
            let change = 1.5 * power - leak * (indoor - outdoor) + noise;
            let x = inputs(power, indoor, outdoor);
            frozen_squares += f64::from(frozen.predict(&x)[0] - change).powi(2);
            squares += thermostat.room.train_on_batch(&[x], &[[change]])?;
            indoor += change;
            distance += f64::from(indoor - thermostat.goal).abs() / 144.0;
        }
        let [error, old] = [squares, frozen_squares].map(|sum| (sum / 144.0).sqrt());
        println!("{day:3}  {window:6}  {error:17.3} K  {old:13.3} K  {distance:6.2} K");
    }
    Ok(())
}
