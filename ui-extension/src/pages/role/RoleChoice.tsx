// SPDX-License-Identifier: Apache-2.0
import { Radio, TextInput } from '@patternfly/react-core';
import type { Role } from '../../api/model';
import { t } from '../../messages';
import { Note } from '../../ui/Note';

/** The roles of RFC 5517, each with what it means. */
export function RoleChoice({
  role,
  disabled = false,
  onChange,
}: {
  readonly role: Role;
  readonly disabled?: boolean;
  readonly onChange: (role: Role) => void;
}) {
  return (
    <>
      {(['isolated', 'community', 'promiscuous'] as const).map((kind) => (
        <Radio
          key={kind}
          id={`role-${kind}`}
          name="role"
          label={t(`role.${kind}`)}
          description={t(`role.${kind}Means`)}
          isChecked={role.kind === kind}
          isDisabled={disabled}
          onChange={() => {
            onChange(kind === 'community' ? { kind, name: '' } : { kind });
          }}
          body={
            kind === 'community' &&
            role.kind === 'community' && (
              <TextInput
                id="community"
                aria-label={t('role.communityName')}
                placeholder={t('role.communityName')}
                value={role.name}
                maxLength={32}
                isDisabled={disabled}
                onChange={(_, name) => {
                  onChange({ kind, name });
                }}
              />
            )
          }
        />
      ))}
      {role.kind !== 'isolated' && <Note isPlain variant="warning" title={t('role.notYet')} />}
    </>
  );
}
