// SPDX-License-Identifier: Apache-2.0
import '@fontsource/open-sans/latin-400.css';
import '@fontsource/open-sans/latin-600.css';
import '@fontsource/open-sans/latin-ext-400.css';
import '@fontsource/open-sans/latin-ext-600.css';
import '@patternfly/react-core/dist/styles/base.css';
import './portal.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode, useSyncExternalStore, type ComponentType } from 'react';
import { createRoot } from 'react-dom/client';
import { asApiError } from '../api/errors';
import { ErrorBoundary } from './ErrorBoundary';
import { applyTheme } from './theme';

/** What a page shows: the entity its address names behind the #. */
export interface PageProps {
  readonly id: string;
}

function idInAddress(): string {
  try {
    return decodeURIComponent(window.location.hash.slice(1));
  } catch {
    return '';
  }
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('hashchange', changed);
  return () => {
    window.removeEventListener('hashchange', changed);
  };
}

/** A client that asks again only where asking again can help. */
export function queryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (failures, error) => failures < 2 && asApiError(error).trouble === 'unavailable',
        retryDelay: 500,
        staleTime: 2_000,
        // A tab that shows trouble mends itself when it is over.
        refetchInterval: (query) => (query.state.status === 'error' ? 5_000 : false),
      },
    },
  });
}

function ForAddress({ page: Page }: { readonly page: ComponentType<PageProps> }) {
  const id = useSyncExternalStore(subscribe, idInAddress);
  return <Page key={id} id={id} />;
}

export function show(page: ComponentType<PageProps>): void {
  applyTheme();
  const root = document.getElementById('root');
  if (root) {
    createRoot(root).render(
      <StrictMode>
        <ErrorBoundary>
          <QueryClientProvider client={queryClient()}>
            <ForAddress page={page} />
          </QueryClientProvider>
        </ErrorBoundary>
      </StrictMode>,
    );
  }
}
