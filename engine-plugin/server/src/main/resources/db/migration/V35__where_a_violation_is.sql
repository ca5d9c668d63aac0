-- SPDX-License-Identifier: Apache-2.0

-- The host or cluster that a violation's text names beside its network and its subject: not
-- everybody who sees a VM sees where it is. Of violations that were found before it is not known.
ALTER TABLE violation ADD COLUMN place_kind varchar(16);
ALTER TABLE violation ADD COLUMN place_id varchar(64);
UPDATE violation SET place_kind = 'HOST', place_id = '' WHERE rule = 'GUARD_NIC_ON_UNFIT_HOST';
UPDATE violation SET place_kind = 'CLUSTER', place_id = ''
    WHERE rule = 'GUARD_NIC_WHERE_GATE_IS_CLOSED';
