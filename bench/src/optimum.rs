//! Lower bounds from HiGHS.
//!
//! The model with its days added up: `z(m,i,q)` is how often the week has `q` quarters of dish `i`
//! as meal `m`. Every week of the full model is one of this, so what is below all of these is below
//! all of those; and it has none of the full model's symmetry, since days can be exchanged freely.

use domain::dish::Meal;
use domain::engine::model::{DAYS, Model, NUTRIENT_TERMS, REPEAT_POINTS, TERMS, WORST_FACTOR};
use highs::{Col, RowProblem, Sense};

/// How long HiGHS may look at one profile, in seconds.
const TIME_LIMIT: f64 = 60.0;

/// A bound and what proved it.
pub struct Proved {
    /// In points.
    pub bound: f64,
    /// "HiGHS", and whether it is the optimum of the added-up model.
    pub by: String,
}

/// A use of the added-up model.
struct Use {
    column: Col,
    meal: usize,
    candidate: usize,
    quarters: i32,
}

/// The best bound that HiGHS proves within its time.
pub fn bound(model: &Model) -> Proved {
    let mut problem = RowProblem::new();
    let uses = uses(model, &mut problem);
    let times = |meal: Meal| model.slots.iter().filter(|slot| **slot == meal).count() * DAYS;
    for meal in Meal::ALL.into_iter().filter(|meal| times(*meal) > 0) {
        let of_meal = uses.iter().filter(|one| one.meal == meal as usize);
        let count = times(meal) as f64;
        problem.add_row(count..=count, of_meal.map(|one| (one.column, 1.0)));
    }
    for (place, candidate) in model.candidates.iter().enumerate() {
        let of_dish = || uses.iter().filter(|one| one.candidate == place);
        let repeats = problem.add_column(REPEAT_POINTS as f64, 0.0..);
        problem.add_row(
            ..=f64::from(candidate.most),
            of_dish().map(|one| (one.column, 1.0)),
        );
        let uses = of_dish().map(|one| (one.column, 1.0));
        problem.add_row(..=1.0, uses.chain([(repeats, -1.0)]));
    }
    let days = DAYS as f64;
    let sum = |content: &dyn Fn(usize) -> i32| -> Vec<(Col, f64)> {
        let of_use = |one: &Use| {
            (
                one.column,
                f64::from(content(one.candidate)) * f64::from(one.quarters),
            )
        };
        uses.iter().map(of_use).collect()
    };
    let (least, most) = model.energy;
    problem.add_row(
        f64::from(least) * days..=f64::from(most) * days,
        sum(&|place| model.candidates[place].energy),
    );
    problem.add_row(
        f64::from(model.protein) * days..,
        sum(&|place| model.candidates[place].protein),
    );
    if let Some(most) = model.net_carbohydrate {
        problem.add_row(
            ..=f64::from(most) * days,
            sum(&|place| model.candidates[place].net_carbohydrate),
        );
    }
    for (place, (_, most)) in model.limits.iter().enumerate() {
        problem.add_row(
            ..=f64::from(*most),
            sum(&|candidate| model.candidates[candidate].limits[place]),
        );
    }
    let worst = problem.add_column(WORST_FACTOR as f64, 0.0..);
    for term in (0..TERMS).filter(|term| model.start[*term] != 0) {
        let value = problem.add_column(1.0, 0.0..);
        let content = |one: &Use| {
            let candidate = &model.candidates[one.candidate];
            let added = candidate.once[term] + candidate.quarter[term] * one.quarters;
            (one.column, f64::from(added))
        };
        problem.add_row(
            ..=-f64::from(model.start[term]),
            uses.iter().map(content).chain([(value, -1.0)]),
        );
        if term < NUTRIENT_TERMS {
            problem.add_row(..=0.0, [(value, 1.0), (worst, -1.0)]);
        }
    }

    let mut solver = problem.optimise(Sense::Minimise);
    solver.make_quiet();
    solver.set_option("time_limit", TIME_LIMIT);
    solver.set_option("mip_rel_gap", 1e-4);
    let solved = solver.solve();
    let bound = solved
        .double_info_value(c"mip_dual_bound")
        .unwrap_or(f64::NEG_INFINITY);
    let by = format!("HiGHS, {:?}", solved.status());
    Proved { bound, by }
}

fn uses(model: &Model, problem: &mut RowProblem) -> Vec<Use> {
    let mut uses = Vec::new();
    for (place, candidate) in model.candidates.iter().enumerate() {
        for meal in Meal::ALL {
            if !candidate.meals[meal as usize] || !model.slots.contains(&meal) {
                continue;
            }
            for quarters in model.quarters.0..=model.quarters.1 {
                let points = candidate.rotation
                    + candidate.less * quarters
                    + model.serving_points[quarters as usize];
                let most = f64::from(candidate.most);
                let column = problem.add_integer_column(f64::from(points), 0.0..=most);
                uses.push(Use {
                    column,
                    meal: meal as usize,
                    candidate: place,
                    quarters,
                });
            }
        }
    }
    uses
}
