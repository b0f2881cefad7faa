-- A step that had gone well has no error, where the word of JSON for nothing stood.
UPDATE saga_step SET error = NULL WHERE error = 'null';
