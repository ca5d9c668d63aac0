-- SPDX-License-Identifier: Apache-2.0

-- vNIC profiles whose vNICs may advertise routes, redirect and hand out addresses, which no other vNIC may that is not
-- promiscuous.
CREATE TABLE serving_profile (
    profile_id uuid        PRIMARY KEY,
    author     text        NOT NULL,
    since      timestamptz NOT NULL DEFAULT now()
);
