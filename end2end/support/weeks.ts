// ISO weeks, as the product's addresses have them.

const DAY = 86_400_000;

/** The week of today in UTC: `2026-W31`. */
export function thisWeek(): string {
  return weekOf(Date.now());
}

/** Some weeks from now. */
export function weekFromNow(weeks: number): string {
  return weekOf(Date.now() + weeks * 7 * DAY);
}

function weekOf(moment: number): string {
  const days = Math.floor(moment / DAY);
  // Monday is 0; a week belongs to the year of its Thursday.
  const thursday = days - ((days + 3) % 7) + 3;
  const year = new Date(thursday * DAY).getUTCFullYear();
  const first = Math.floor(Date.UTC(year, 0, 1) / DAY);
  const week = Math.floor((thursday - first) / 7) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}
