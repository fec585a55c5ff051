import { applying } from "./apply.parity.ts";
import { applyKinds } from "./apply-kinds.parity.ts";
import { applyRequests } from "./apply-requests.parity.ts";
import type { Area } from "./behaviour.ts";
import { cells } from "./cells.parity.ts";
import { kindColumns } from "./columns.parity.ts";
import { creating } from "./create.parity.ts";
import { definitionNames } from "./definition-names.parity.ts";
import { defining } from "./definitions.parity.ts";
import { definitionsInUse } from "./definitions-served.parity.ts";
import { deleting } from "./delete.parity.ts";
import { deletingMany } from "./delete-many.parity.ts";
import { deleteOptions } from "./delete-options.parity.ts";
import { deploying } from "./deployments.parity.ts";
import { discovering } from "./discovery.parity.ts";
import { discoveringKinds } from "./discovery-kinds.parity.ts";
import { evictions } from "./evictions.parity.ts";
import { refusing } from "./garbage.parity.ts";
import { labelling } from "./labels.parity.ts";
import { listing } from "./list.parity.ts";
import { listVersions } from "./list-versions.parity.ts";
import { metadataViews } from "./metadata-views.parity.ts";
import { naming } from "./names.parity.ts";
import { newEvents } from "./new-events.parity.ts";
import { otherKinds } from "./other-kinds.parity.ts";
import { patching } from "./patch.parity.ts";
import { patchRequests } from "./patch-requests.parity.ts";
import { podBehaviours } from "./pods.parity.ts";
import { podsInUse } from "./pods-in-use.parity.ts";
import { referring } from "./references.parity.ts";
import { schemaLists } from "./schema-lists.parity.ts";
import { schemaRules } from "./schema-rules.parity.ts";
import { schemas } from "./schemas.parity.ts";
import { selecting } from "./selectors.parity.ts";
import { serviceAddresses } from "./service-addresses.parity.ts";
import { serviceBehaviours } from "./services.parity.ts";
import { signingRequests } from "./signing-requests.parity.ts";
import { patchingStrategically } from "./strategic.parity.ts";
import { updating } from "./update.parity.ts";
import { viewing } from "./views.parity.ts";
import { watching } from "./watch.parity.ts";
import { workloads } from "./workloads.parity.ts";

/** Everything that is compared. */
export const AREAS: readonly Area[] = [
  creating,
  updating,
  deleting,
  deleteOptions,
  deletingMany,
  naming,
  labelling,
  referring,
  listing,
  selecting,
  listVersions,
  viewing,
  kindColumns,
  cells,
  metadataViews,
  watching,
  patching,
  patchRequests,
  patchingStrategically,
  applying,
  applyRequests,
  applyKinds,
  refusing,
  defining,
  definitionsInUse,
  definitionNames,
  schemas,
  schemaRules,
  schemaLists,
  discovering,
  discoveringKinds,
  deploying,
  otherKinds,
  podsInUse,
  podBehaviours,
  serviceBehaviours,
  serviceAddresses,
  newEvents,
  evictions,
  signingRequests,
  workloads,
];
