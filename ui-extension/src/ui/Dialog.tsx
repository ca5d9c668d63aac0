// SPDX-License-Identifier: Apache-2.0
import { Button } from '@patternfly/react-core';
import { useEffect, type ReactNode } from 'react';
import { t } from '../messages';
import { portalApi, type MessageKind } from '../portal/api';
import type { Dialog as Place } from '../portal/places';

/** Closes a dialog of ours, with a word in the portal. */
export function finish(place: Place, kind: MessageKind, message: string): void {
  const portal = portalApi();
  portal.showToast(kind, message);
  portal.closeDialog(place.token);
}

/** What a dialog shows, with its buttons where the portal has them. */
export function Dialog({
  place,
  form,
  submit,
  busy,
  blocked = false,
  danger = false,
  children,
}: {
  readonly place: Place;
  /** The id of the form that the button submits. */
  readonly form: string;
  readonly submit: string;
  readonly busy: boolean;
  readonly blocked?: boolean;
  readonly danger?: boolean;
  readonly children: ReactNode;
}) {
  const token = place.token;
  useEffect(() => {
    // The portal does not hear of keys pressed in our frame.
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented) {
        portalApi().closeDialog(token);
      }
    };
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('keydown', onKey);
    };
  }, [token]);
  return (
    <div className="ip-dialog">
      <main>{children}</main>
      <footer>
        <Button
          type="submit"
          form={form}
          variant={danger ? 'danger' : 'primary'}
          isDisabled={busy || blocked}
          isLoading={busy}
        >
          {submit}
        </Button>
        <Button
          variant="secondary"
          onClick={() => {
            portalApi().closeDialog(token);
          }}
        >
          {t('action.cancel')}
        </Button>
      </footer>
    </div>
  );
}
