// SPDX-License-Identifier: Apache-2.0
import {
  AlertActionLink,
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  Skeleton,
} from '@patternfly/react-core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { asApiError, type Trouble } from '../api/errors';
import { t, type MessageKey } from '../messages';
import { Note } from './Note';

const TITLES: Record<Trouble, MessageKey> = {
  unavailable: 'state.unavailable.title',
  session: 'state.session.title',
  forbidden: 'state.forbidden.title',
  missing: 'state.missing.title',
  changed: 'state.changed.title',
  refused: 'state.refused.title',
};

const BODIES: Record<Trouble, MessageKey> = {
  unavailable: 'state.unavailable.body',
  session: 'state.session.body',
  forbidden: 'state.forbidden.body',
  missing: 'state.missing.body',
  changed: 'state.changed.body',
  refused: 'state.refused.body',
};

/** Trouble that leaves nothing else to show. */
export function TroubleState({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  const found = asApiError(error);
  const said = found.trouble === 'refused' || found.trouble === 'forbidden' ? found.message : '';
  return (
    <EmptyState
      titleText={t(TITLES[found.trouble])}
      status={found.trouble === 'unavailable' || found.trouble === 'refused' ? 'danger' : 'warning'}
      headingLevel="h2"
      variant="sm"
    >
      <EmptyStateBody>{said === '' ? t(BODIES[found.trouble]) : said}</EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button variant="secondary" onClick={retry}>
            {t('action.retry')}
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  );
}

/** Trouble in one part of a page. */
export function TroubleAlert({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const found = asApiError(error);
  const said = found.message !== '' && found.trouble !== 'unavailable' && found.trouble !== 'session';
  return (
    <Note
      variant={found.trouble === 'forbidden' || found.trouble === 'missing' ? 'info' : 'danger'}
      title={t(TITLES[found.trouble])}
      actionLinks={retry && <AlertActionLink onClick={retry}>{t('action.retry')}</AlertActionLink>}
    >
      {said ? found.message : t(BODIES[found.trouble])}
    </Note>
  );
}

/** Lines in the place of what is being read. */
export function Loading({ lines = 3, what }: { readonly lines?: number; readonly what: string }) {
  return (
    <div className="ip-stack" role="status" aria-busy="true" aria-label={t('state.loading', { what })}>
      {Array.from({ length: lines }, (_, i) => (
        <Skeleton key={i} width={`${80 - i * 12}%`} height="1rem" />
      ))}
    </div>
  );
}

/** What a query has, or in what state it is without. */
export function Loaded<T>({
  query,
  what,
  lines,
  children,
}: {
  readonly query: UseQueryResult<T>;
  readonly what: string;
  readonly lines?: number;
  readonly children: (data: T) => ReactNode;
}) {
  const retry = () => {
    void query.refetch();
  };
  if (query.data === undefined) {
    return query.isError ? (
      <TroubleAlert error={query.error} retry={retry} />
    ) : (
      <Loading what={what} {...(lines === undefined ? {} : { lines })} />
    );
  }
  return (
    <>
      {query.isError && <Stale error={query.error} />}
      {children(query.data)}
    </>
  );
}

/** What is shown is not of now. */
export function Stale({ error }: { readonly error: unknown }) {
  const trouble = asApiError(error).trouble;
  return <Note isPlain variant="warning" title={t('state.stale', { why: t(TITLES[trouble]) })} />;
}

export function Nothing({ children }: { readonly children: ReactNode }) {
  return <p className="ip-muted">{children}</p>;
}
