// SPDX-License-Identifier: Apache-2.0
import { QueryClientProvider } from '@tanstack/react-query';
import { render, screen, waitFor } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { NetworkPage } from '../../src/pages/network/NetworkPage';
import { ErrorBoundary } from '../../src/ui/ErrorBoundary';
import { queryClient } from '../../src/ui/show';

/** Answers by path; what is not named is not there. */
function answering(answers: Record<string, [number, unknown]>) {
  const asked: Request[] = [];
  vi.stubGlobal('fetch', (input: Request | string, init?: RequestInit) => {
    const request = input instanceof Request ? input : new Request(new URL(input, 'http://portal'), init);
    asked.push(request);
    const [status, body] = answers[new URL(request.url).pathname] ?? [404, ''];
    return Promise.resolve(
      new Response(typeof body === 'string' ? body : JSON.stringify(body), {
        status,
        headers: { 'Content-Type': typeof body === 'string' ? 'text/html' : 'application/json' },
      }),
    );
  });
  return asked;
}

function showNetwork(id: string) {
  const client = queryClient();
  client.setDefaultOptions({ queries: { retry: false } });
  render(
    <ErrorBoundary>
      <QueryClientProvider client={client}>
        <NetworkPage id={id} />
      </QueryClientProvider>
    </ErrorBoundary>,
  );
}

const OURS = '/ovirt-isolated-ports/api';
const HOSTILE = '<img src=x onerror="alert(1)">';

describe('the tab of a network', () => {
  it('asks for a selection without one', () => {
    showNetwork('');
    expect(screen.getByText('No network selected')).toBeInTheDocument();
  });

  it('sends the token of the session, and no cookie', async () => {
    const asked = answering({});
    showNetwork('n1');
    await screen.findByText('Not found.');
    expect(asked[0]?.headers.get('Authorization')).toBe('Bearer the-token');
    expect(asked[0]?.credentials).toBe('omit');
  });

  it.each([
    [401, 'Your session has ended.'],
    [403, 'You do not have permission to see this.'],
    [503, 'Isolated Ports cannot be reached.'],
  ])('says what a %i means', async (status, title) => {
    answering({ [`${OURS}/networks/n1`]: [status, '<html>'] });
    showNetwork('n1');
    expect(await screen.findByText(title)).toBeInTheDocument();
  });

  it('says what the engine knows while our server is down', async () => {
    answering({
      [`${OURS}/networks/n1`]: [503, '<html>'],
      '/ovirt-engine/api/networks/n1': [200, { id: 'n1', name: 'n', port_isolation: 'true' }],
    });
    showNetwork('n1');
    expect(await screen.findByText(/The engine itself isolates this network/)).toBeInTheDocument();
  });

  it('shows whatever the server says as text', async () => {
    answering({
      [`${OURS}/networks/n1`]: [
        200,
        { id: 'n1', name: 'n', port_isolation: 'true', enforcement: 'hook', data_center: { id: 'd' } },
      ],
      [`${OURS}/violations`]: [
        200,
        { violation: [{ id: 'v', description: HOSTILE, severity: 'error', time: 0 }] },
      ],
      '/ovirt-engine/api/datacenters/d/clusters': [200, {}],
    });
    showNetwork('n1');
    expect(await screen.findByText(HOSTILE)).toBeInTheDocument();
    expect(document.querySelector('img')).toBeNull();
  });

  it('works with an older server that has no emergency opening', async () => {
    answering({
      [`${OURS}/networks/n1`]: [200, { id: 'n1', name: 'n', port_isolation: 'true', enforcement: 'hook' }],
    });
    showNetwork('n1');
    await waitFor(() => {
      expect(
        screen.getByText(/This version of the Isolated Ports server does not offer this/),
      ).toBeInTheDocument();
    });
  });
});
