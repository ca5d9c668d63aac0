// SPDX-License-Identifier: Apache-2.0
import { Button, List, ListItem } from '@patternfly/react-core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, body } from '../../api/client';
import { millis, type Emergency, type Network } from '../../api/model';
import { emergency } from '../../api/queries';
import { t } from '../../messages';
import { portalApi } from '../../portal/api';
import { EMERGENCY, open } from '../../portal/places';
import { Section } from '../../ui/parts';
import { Loaded, Nothing, TroubleAlert } from '../../ui/states';
import { countdown, useNow } from '../../ui/useNow';
import { Note } from '../../ui/Note';

/** Opening an isolated network for a while, and closing it before its time is over. */
export function EmergencySection({ network }: { readonly network: Network }) {
  const query = useQuery(emergency(network.id));
  if (network.enforcement === 'native') {
    return (
      <Section title={t('emergency.section')}>
        <Nothing>{t('emergency.native')}</Nothing>
      </Section>
    );
  }
  return (
    <Section title={t('emergency.section')}>
      <Loaded query={query} what={t('emergency.section')} lines={2}>
        {(state) =>
          state === null ? (
            <Nothing>{t('state.older')}</Nothing>
          ) : state.status === 'closed' ? (
            <Closed id={network.id} />
          ) : (
            <Opened id={network.id} state={state} />
          )
        }
      </Loaded>
    </Section>
  );
}

function Closed({ id }: { readonly id: string }) {
  return (
    <div className="ip-stack">
      <p className="ip-muted ip-prose">{t('emergency.closedMeans')}</p>
      <div>
        <Button
          variant="secondary"
          onClick={() => {
            open(portalApi(), EMERGENCY, id);
          }}
        >
          {t('emergency.openForAWhile')}
        </Button>
      </div>
    </div>
  );
}

function Opened({ id, state }: { readonly id: string; readonly state: Emergency }) {
  const now = useNow();
  const client = useQueryClient();
  const close = useMutation({
    mutationFn: () => body(api.DELETE('/networks/{id}/emergency', { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries(),
  });
  const until = millis(state.until_time);
  const closing = state.status === 'closing';
  const left = state.not_closed_yet?.part ?? [];
  return (
    <div className="ip-stack">
      <Note variant="danger" title={t(closing ? 'emergency.isClosing' : 'emergency.isOpen')}>
        {!closing && until !== undefined && (
          <p>
            <span role="timer" aria-label={t('emergency.left')}>
              <strong>{t('emergency.countdown', { left: countdown(until - now) })}</strong>
            </span>
          </p>
        )}
        <p className="ip-prose">
          <bdi>{t('emergency.by', { user: state.opened_by ?? '', reason: state.reason ?? '' })}</bdi>
        </p>
      </Note>
      {left.length > 0 && (
        <>
          <p>{t('emergency.notClosedYet')}</p>
          <List>
            {left.map((part) => (
              <ListItem key={part}>
                <bdi className="ip-name">{part}</bdi>
              </ListItem>
            ))}
          </List>
        </>
      )}
      {!closing && (
        <>
          <Effects state={state} />
          <div>
            <Button
              variant="danger"
              isLoading={close.isPending}
              isDisabled={close.isPending}
              onClick={() => {
                close.mutate();
              }}
            >
              {t('emergency.closeNow')}
            </Button>
          </div>
        </>
      )}
      {close.isError && <TroubleAlert error={close.error} />}
    </div>
  );
}

/** What opening does, and what it does not, in the server's words. */
export function Effects({ state }: { readonly state: Emergency }) {
  return (
    <List isPlain className="ip-muted">
      {(state.effects?.effect ?? []).map((effect) => (
        <ListItem key={effect}>
          <bdi className="ip-prose">{effect}</bdi>
        </ListItem>
      ))}
    </List>
  );
}
