internal import APIProtocol
internal import ObjectModel
internal import Schema

/// What a DELETE does, decided from the stored object, the options and the time (upstream's `BeforeDelete` and the
/// garbage collector's finalizers).
enum DeletionDecision: Sendable, Equatable {
    /// A deletion is under way and these options do not shorten it.
    case unchanged
    /// The object stays, marked: a grace period runs or finalizers wait.
    case mark(Value)
    /// The object goes; watchers see it like this.
    case remove(Value)
}

enum DeletionRules {
    /// Finalizers that tell the garbage collector what to do with dependents.
    static let orphanFinalizer = "orphan"
    static let foregroundFinalizer = "foregroundDeletion"

    /// Decides.
    static func decide(
        _ object: Value, options: DeleteOptions, kind: KindDefinition, context: HookContext
    ) throws(APIStatus) -> DeletionDecision {
        try checkPreconditions(object, options, kind)
        var options = options
        if let grace = options.gracePeriodSeconds, grace < 0 { options.gracePeriodSeconds = 1 }
        var result = object
        let grace: Int?
        if object.isBeingDeleted {
            switch shortened(object, options, now: context.now) {
            case .pending: return .unchanged
            case .over: grace = nil
            case .shorter(let time, let seconds):
                result["metadata", "deletionTimestamp"] = .string(time.text)
                result["metadata", "deletionGracePeriodSeconds"] = .integer(Int64(seconds))
                grace = seconds
            }
        } else {
            grace = kind.hooks.gracePeriod(object, options.gracePeriodSeconds)
            if let grace { begin(&result, grace: grace, now: context.now) }
        }
        settleFinalizers(&result, options, kind)
        let isHeld = !result.finalizers.isEmpty || kind.hooks.holdsRemoval(result)
        guard isHeld || grace ?? 0 > 0 else { return .remove(result) }
        if grace == nil {
            markWithoutGrace(&result, now: context.now)
        }
        if !object.isBeingDeleted { kind.hooks.prepareForDelete(&result, context) }
        return .mark(result)
    }

    private enum Remainder {
        case pending
        case over
        case shorter(Timestamp, Int)
    }

    /// A grace period that runs may only become shorter.
    private static func shortened(_ object: Value, _ options: DeleteOptions, now: Timestamp) -> Remainder {
        let running = object["metadata"]?["deletionGracePeriodSeconds"]?.int ?? 0
        guard running != 0 else { return .over }
        guard let requested = options.gracePeriodSeconds, requested < running else { return .pending }
        let end = object["metadata"]?["deletionTimestamp"]?.string.flatMap { Timestamp($0) } ?? now
        let moved = end + .seconds(requested - running)
        guard moved < now else { return .shorter(moved, requested) }
        return .shorter(now, requested == 0 ? 0 : 1)
    }

    private static func begin(_ object: inout Value, grace: Int, now: Timestamp) {
        object["metadata", "deletionTimestamp"] = .string((now + .seconds(grace)).text)
        object["metadata", "deletionGracePeriodSeconds"] = .integer(Int64(grace))
        countGeneration(&object)
    }

    private static func markWithoutGrace(_ object: inout Value, now: Timestamp) {
        if !object.isBeingDeleted { countGeneration(&object) }
        let end = object["metadata"]?["deletionTimestamp"]?.string.flatMap { Timestamp($0) }
        if end.map({ $0 > now }) ?? true { object["metadata", "deletionTimestamp"] = .string(now.text) }
        object["metadata", "deletionGracePeriodSeconds"] = 0
    }

    private static func countGeneration(_ object: inout Value) {
        if let generation = object["metadata"]?["generation"]?.int, generation > 0 {
            object["metadata", "generation"] = .integer(Int64(generation.addingSaturating(1)))
        }
    }

    /// The garbage collector learns from finalizers what to do with dependents: the options say, else finalizers that
    /// are there, else the kind.
    private static func settleFinalizers(_ object: inout Value, _ options: DeleteOptions, _ kind: KindDefinition) {
        let present = object.finalizers
        let policy: KindDefinition.Propagation
        if let requested = options.propagationPolicy.flatMap(KindDefinition.Propagation.init(rawValue:)) {
            policy = requested
        } else if present.contains(orphanFinalizer) {
            policy = .orphan
        } else if present.contains(foregroundFinalizer) {
            policy = .foreground
        } else {
            policy = kind.rules.defaultPropagation
        }
        var finalizers = present.filter {
            $0 != orphanFinalizer && $0 != foregroundFinalizer
        }
        if policy == .orphan { finalizers.append(orphanFinalizer) }
        if policy == .foreground { finalizers.append(foregroundFinalizer) }
        guard Set(finalizers) != Set(present) else { return }
        object["metadata", "finalizers"] = finalizers.isEmpty ? nil : .array(finalizers.map(Value.string))
    }

    private static func checkPreconditions(
        _ object: Value, _ options: DeleteOptions, _ kind: KindDefinition
    ) throws(APIStatus) {
        // Upstream names the kind here, not the resource.
        let subject = GroupResource(group: kind.gvk.group, resource: kind.gvk.kind)
        if let uid = options.uid, uid != object.uid {
            throw .conflict(
                subject, name: object.name,
                "the UID in the precondition (\(uid)) does not match the UID in record (\(object.uid)). "
                    + "The object might have been deleted and then recreated")
        }
        let stored = object["metadata"]?["resourceVersion"]?.string ?? ""
        if let version = options.resourceVersion, version != stored {
            throw .conflict(
                subject, name: object.name,
                "the ResourceVersion in the precondition (\(version)) does not match the ResourceVersion in record "
                    + "(\(stored)). The object might have been modified")
        }
    }
}
