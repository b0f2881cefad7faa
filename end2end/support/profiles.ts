// Profiles, as the API takes them.

export interface Profile {
  sex: "FEMALE" | "MALE";
  age: number;
  heightCm: number;
  weightKg: number;
  activity: "SEDENTARY" | "LIGHT" | "MODERATE" | "ACTIVE" | "VERY_ACTIVE";
  direction: "LOSE" | "MAINTAIN" | "GAIN";
  paceKcal: number | null;
  diet: string;
  allergens: string[];
  dislikedFoods: string[];
  mealsPerDay: number;
  /** In cents. */
  weeklyBudget: number | null;
}

/** Someone whom nothing stands in the way of. */
export const ANA: Profile = {
  sex: "FEMALE",
  age: 31,
  heightCm: 165,
  weightKg: 62,
  activity: "MODERATE",
  direction: "MAINTAIN",
  paceKcal: null,
  diet: "OMNIVORE",
  allergens: [],
  dislikedFoods: [],
  mealsPerDay: 4,
  weeklyBudget: null,
};

/** What nobody can eat a week from: the cheapest dishes cost more. */
export const IMPOSSIBLE: Partial<Profile> = { weeklyBudget: 10_00 };
