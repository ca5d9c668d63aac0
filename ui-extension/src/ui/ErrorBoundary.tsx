// SPDX-License-Identifier: Apache-2.0
import { Component, type ReactNode } from 'react';
import { EmptyState, EmptyStateBody } from '@patternfly/react-core';
import { portalApi } from '../portal/api';
import { t } from '../messages';

/** A fault of ours shows as a sentence, and in the portal's log, instead of an empty tab. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override componentDidCatch(error: Error) {
    portalApi().logger().severe(`Isolated Ports: ${error.message}`);
  }

  override render() {
    if (!this.state.failed) {
      return this.props.children;
    }
    return (
      <EmptyState titleText={t('state.broken.title')} status="danger" headingLevel="h2">
        <EmptyStateBody>{t('state.broken.body')}</EmptyStateBody>
      </EmptyState>
    );
  }
}
