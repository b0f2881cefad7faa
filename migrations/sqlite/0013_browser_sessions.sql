-- A browser takes notifications no longer than the sign-in lasts in which it was allowed: whoever sits there
-- next is somebody else. Of those that were allowed before nobody knows in which; members allow them anew.
DELETE FROM push_subscription;
-- Absent where it was allowed by an API client, which forgets it itself.
ALTER TABLE push_subscription ADD COLUMN session_hash BLOB REFERENCES session (token_hash) ON DELETE CASCADE;
CREATE INDEX push_subscription_session ON push_subscription (session_hash) WHERE session_hash IS NOT NULL;
