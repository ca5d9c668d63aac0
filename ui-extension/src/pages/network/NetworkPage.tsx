// SPDX-License-Identifier: Apache-2.0
import { EmptyState, EmptyStateBody, Label } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { asApiError } from '../../api/errors';
import { isIsolated, type Network, type Uplink } from '../../api/model';
import { clustersOf, network, networkAtEngine, profilesOf, uplink, violations } from '../../api/queries';
import { t } from '../../messages';
import { Facts, Name, Section, type Fact } from '../../ui/parts';
import type { PageProps } from '../../ui/show';
import { Loaded, Loading, Nothing, Stale, TroubleState } from '../../ui/states';
import { ViolationsTable } from '../../ui/Violations';
import { ClustersTable } from './ClustersTable';
import { EmergencySection } from './EmergencySection';
import { MovingInSection } from './MovingInSection';
import { VnicsSection } from './VnicsSection';
import { Note } from '../../ui/Note';

/** The tab Isolation of a network. */
export function NetworkPage({ id }: PageProps) {
  const query = useQuery({ ...network(id), enabled: id !== '' });
  if (id === '') {
    return (
      <EmptyState titleText={t('network.none')} headingLevel="h2" variant="sm">
        <EmptyStateBody>{t('network.noneBody')}</EmptyStateBody>
      </EmptyState>
    );
  }
  return (
    <main className="ip-tab">
      {query.data ? (
        <>
          {query.isError && <Stale error={query.error} />}
          <Tab network={query.data} />
        </>
      ) : query.isError ? (
        <>
          <TroubleState error={query.error} retry={() => void query.refetch()} />
          {asApiError(query.error).trouble === 'unavailable' && <EnginesWord id={id} />}
        </>
      ) : (
        <Loading what={t('portal.tab')} lines={5} />
      )}
    </main>
  );
}

/** Without our server: what the engine itself knows, which is all where it isolates natively. */
function EnginesWord({ id }: { readonly id: string }) {
  const query = useQuery(networkAtEngine(id));
  if (!query.data) {
    return null;
  }
  return (
    <Note variant="info" title={t('network.engineSays')}>
      {t(isIsolated(query.data) ? 'network.engineIsolated' : 'network.engineUnknown')}
    </Note>
  );
}

function Tab({ network: shown }: { readonly network: Network }) {
  const isolated = isIsolated(shown);
  const found = useQuery({ ...violations(shown.id), enabled: isolated });
  useFreshClusters((found.data ?? []).map((violation) => violation.id).join());
  const attached = useQuery(clustersOf(shown.id, shown.data_center?.id ?? ''));
  const profiles = useQuery({ ...profilesOf(shown.id), enabled: isolated });
  const way = useQuery({ ...uplink(shown.id), enabled: isolated });
  return (
    <>
      <div className="ip-columns">
        <Section title={t('network.state')}>
          <Facts facts={facts(shown, way.data ?? undefined)} />
        </Section>
        {isolated && <EmergencySection network={shown} />}
      </div>
      {(shown.warnings?.warning ?? []).map((warning) => (
        <Note key={warning} variant="warning" title={t('network.warning')}>
          <bdi className="ip-prose">{warning}</bdi>
        </Note>
      ))}
      {isolated && (
        <Section title={t('violations.title')}>
          <Loaded query={found} what={t('violations.title')} lines={2}>
            {(list) =>
              list.length === 0 ? (
                <Nothing>{t('violations.none')}</Nothing>
              ) : (
                <ViolationsTable violations={list} />
              )
            }
          </Loaded>
        </Section>
      )}
      <Section title={t('clusters.title')}>
        <Loaded query={attached} what={t('clusters.title')}>
          {(clusters) =>
            clusters.length === 0 ? (
              <Nothing>{t('clusters.none')}</Nothing>
            ) : (
              <ClustersTable clusters={clusters} />
            )
          }
        </Loaded>
      </Section>
      {isolated ? (
        <Loaded query={attached} what={t('vnics.title')}>
          {(clusters) => (
            <Loaded query={profiles} what={t('vnics.title')}>
              {(list) => <VnicsSection clusters={clusters} profiles={list} />}
            </Loaded>
          )}
        </Loaded>
      ) : (
        <MovingInSection network={shown} />
      )}
    </>
  );
}

/** Clusters are read rarely; what has become wrong or right shows that they have changed. */
function useFreshClusters(violationIds: string): void {
  const client = useQueryClient();
  useEffect(() => {
    void client.invalidateQueries({ queryKey: ['clusters-of'] });
  }, [client, violationIds]);
}

function facts(shown: Network, way: Uplink | undefined): readonly Fact[] {
  const vlan = { term: t('network.vlan'), value: shown.vlan?.id ?? t('network.noVlan') };
  if (!isIsolated(shown)) {
    return [
      { term: t('network.isolation'), value: <Label isCompact>{t('network.notIsolated')}</Label> },
      vlan,
    ];
  }
  return [
    {
      term: t('network.isolation'),
      value: (
        <Label isCompact status="success">
          {t('network.isolated')}
        </Label>
      ),
    },
    {
      term: t('network.enforcement'),
      value: (
        <>
          <strong>{t(shown.enforcement === 'native' ? 'network.native' : 'network.hook')}</strong>
          {shown.enforcement_reason !== undefined && (
            <div className="ip-muted ip-prose">{shown.enforcement_reason}</div>
          )}
        </>
      ),
    },
    { term: t('network.uplink'), value: <UplinkValue uplink={way} /> },
    vlan,
  ];
}

function UplinkValue({ uplink: way }: { readonly uplink: Uplink | undefined }) {
  if (!way) {
    return t('value.unknown');
  }
  if (way.mode === 'open') {
    return (
      <>
        <Label isCompact status="warning">
          {t('uplink.open')}
        </Label>
        <div className="ip-muted ip-prose">{t('uplink.openMeans')}</div>
      </>
    );
  }
  return (
    <>
      <Label isCompact status="success">
        {t('uplink.gateways')}
      </Label>
      <div className="ip-muted ip-prose">{t('uplink.gatewaysMeans')}</div>
      <Name>{(way.gateways?.gateway ?? []).join(', ')}</Name>
    </>
  );
}
