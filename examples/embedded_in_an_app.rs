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
    /// The power after which the temperature should be nearest to the goal. Allocates nothing.
    fn choose(&self, indoor: f32, outdoor: f32) -> f32 {
        let miss = |power: f32| {
            let [change] = self.room.model().predict(&inputs(power, indoor, outdoor));
            (indoor + change - self.goal).abs()
        };
        let powers = (0..=20).map(|n| n as f32 / 20.0);
        powers
            .min_by(|&a, &b| miss(a).total_cmp(&miss(b)))
            .unwrap_or(0.0)
    }

    /// Learns from what happened. Gives the squared error of the prediction.
    fn learn(
        &mut self,
        power: f32,
        indoor: f32,
        outdoor: f32,
        change: f32,
    ) -> plywood::Result<f64> {
        self.room
            .train_on_batch(&[inputs(power, indoor, outdoor)], &[[change]])
    }
}

fn inputs(power: f32, indoor: f32, outdoor: f32) -> [f32; 2] {
    [power, (indoor - outdoor) / 10.0]
}

fn main() -> plywood::Result<()> {
    let room = Training::new(Room::new(42), Sgd::new(0.05), MeanSquaredError);
    let mut thermostat = Thermostat { goal: 21.0, room };
    let mut frozen = Room::new(42); // knows what was learnt up to day 5
    let mut random = Stream::new(1);
    let mut indoor = 15.0;
    println!("day  window  off goal  error of prediction  of frozen model");
    for day in 1..=10 {
        if day == 6 {
            frozen.set_weights(&thermostat.room.model().get_weights())?;
        }
        // The real room: from day 6 on, a window does not close any more.
        let (window, leak) = if day < 6 {
            ("closed", 0.02)
        } else {
            ("open", 0.05)
        };
        let (mut squares, mut frozen_squares, mut distance) = (0.0, 0.0, 0.0);
        for step in 0..144 {
            let outdoor = 5.0 + 4.0 * (step as f32 / 144.0 * std::f32::consts::TAU).sin();
            // One time in ten it tries something else: who never errs never learns.
            let tries = random.below(10) == 0;
            let other = random.uniform() as f32;
            let power = if tries {
                other
            } else {
                thermostat.choose(indoor, outdoor)
            };
            let noise = 0.02 * random.normal() as f32;
            let change = 1.5 * power - leak * (indoor - outdoor) + noise;
            let [guess] = frozen.predict(&inputs(power, indoor, outdoor));
            frozen_squares += f64::from(guess - change).powi(2);
            squares += thermostat.learn(power, indoor, outdoor, change)?;
            indoor += change;
            distance += (indoor - thermostat.goal).abs() / 144.0;
        }
        let [error, frozen_error] = [squares, frozen_squares].map(|sum| (sum / 144.0).sqrt());
        print!("{day:3}  {window:6}  {distance:6.2} K  {error:17.3} K");
        println!(
            "{}",
            if day < 6 {
                String::new()
            } else {
                format!("  {frozen_error:13.3} K")
            }
        );
    }
    Ok(())
}
