-- Grows with every change of what orders are placed by, so that whoever has read it knows whether it still holds.
CREATE TABLE menu_version (
    version INTEGER NOT NULL
) STRICT;
INSERT INTO menu_version (version) VALUES (1);
CREATE TRIGGER campus_added AFTER INSERT ON campus BEGIN
    UPDATE menu_version SET version = version + 1;
END;
CREATE TRIGGER campus_changed AFTER UPDATE ON campus BEGIN
    UPDATE menu_version SET version = version + 1;
END;
CREATE TRIGGER campus_removed AFTER DELETE ON campus BEGIN
    UPDATE menu_version SET version = version + 1;
END;
CREATE TRIGGER campus_gateway_added AFTER INSERT ON campus_gateway BEGIN
    UPDATE menu_version SET version = version + 1;
END;
CREATE TRIGGER campus_gateway_changed AFTER UPDATE ON campus_gateway BEGIN
    UPDATE menu_version SET version = version + 1;
END;
CREATE TRIGGER campus_gateway_removed AFTER DELETE ON campus_gateway BEGIN
    UPDATE menu_version SET version = version + 1;
END;
CREATE TRIGGER menu_item_added AFTER INSERT ON menu_item BEGIN
    UPDATE menu_version SET version = version + 1;
END;
CREATE TRIGGER menu_item_changed AFTER UPDATE ON menu_item BEGIN
    UPDATE menu_version SET version = version + 1;
END;
CREATE TRIGGER menu_item_removed AFTER DELETE ON menu_item BEGIN
    UPDATE menu_version SET version = version + 1;
END;
