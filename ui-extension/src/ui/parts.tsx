// SPDX-License-Identifier: Apache-2.0
import {
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  Label,
  Title,
} from '@patternfly/react-core';
import { useId, type ReactNode } from 'react';
import type { GateValue, Ineligible, Role } from '../api/model';
import { t } from '../messages';

/** A name as somebody gave it: text, in a direction of its own. */
export function Name({ children }: { readonly children: string | undefined }) {
  return (
    <bdi className="ip-name">{children === undefined || children === '' ? t('value.none') : children}</bdi>
  );
}

export function Section({
  title,
  actions,
  children,
}: {
  readonly title: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  const heading = useId();
  return (
    <section className="ip-section" aria-labelledby={heading}>
      <header>
        <Title headingLevel="h2" id={heading}>
          {title}
        </Title>
        {actions !== undefined && <div className="ip-row">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

export interface Fact {
  readonly term: string;
  readonly value: ReactNode;
}

/** Facts as the portal's General tabs have them: term and value side by side. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <DescriptionList isHorizontal isCompact horizontalTermWidthModifier={{ default: '20ch' }}>
      {facts.map((fact) => (
        <DescriptionListGroup key={fact.term}>
          <DescriptionListTerm>{fact.term}</DescriptionListTerm>
          <DescriptionListDescription>{fact.value}</DescriptionListDescription>
        </DescriptionListGroup>
      ))}
    </DescriptionList>
  );
}

export function roleText(role: Role): string {
  return role.kind === 'community' ? t('role.communityNamed', { name: role.name }) : t(`role.${role.kind}`);
}

/** What the gate says; a cluster whose switch cannot isolate ports is closed whatever the gate says. */
export function GateLabel({
  value,
  why,
}: {
  readonly value: GateValue | undefined;
  readonly why?: Ineligible | undefined;
}) {
  const open = value?.open === true && why === undefined;
  if (!value) {
    return <Label isCompact>{t('gate.unknown')}</Label>;
  }
  return (
    <span className="ip-row">
      <Label isCompact status={open ? 'success' : 'warning'}>
        {t(open ? 'gate.open' : 'gate.closed')}
      </Label>
      {value.restartPending && (
        <Label isCompact status="info">
          {t('gate.restartPending')}
        </Label>
      )}
    </span>
  );
}

/** Why a cluster cannot have isolated networks, and what to do. */
export function ineligibleText(why: Ineligible, levelText: string, lowest: string | undefined): string {
  if (why === 'switch') {
    return t('gate.whySwitch');
  }
  if (why === 'unknown') {
    return t('gate.whyUnknown', { level: levelText });
  }
  return lowest === undefined
    ? t('gate.whyLevelNone', { level: levelText })
    : t('gate.whyLevel', { level: levelText, lowest });
}
