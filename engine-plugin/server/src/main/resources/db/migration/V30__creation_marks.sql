-- SPDX-License-Identifier: Apache-2.0

-- What proves that a network found in the engine is the one that was being created: the engine was asked for it
-- with this comment, which nobody can guess. "comment" is the one its creator wanted; "twin_of" the network
-- whose twin it is.
ALTER TABLE engine_change
    ADD COLUMN mark text,
    ADD COLUMN comment text,
    ADD COLUMN twin_of uuid;

-- Whose choice it is that a vNIC moves: nobody else's rights carry it out.
ALTER TABLE moving_in_vnic
    ADD COLUMN chosen_by uuid;

-- Violations are shown newest first, a page at a time.
CREATE INDEX violation_found ON violation (found_at DESC, id);
