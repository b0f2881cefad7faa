-- Each campus has six states, and the index of those begins the same.
DROP INDEX orders_slot;
