internal import ControllerRuntime
internal import Kinds

/// The rolling update, and what frees one that is stuck.
///
/// Keeps: no pod of the range `ordinals` that is ready is deleted while `maxUnavailable` others are not available
/// (KEP-961); of those that are not ready at most `maxUnavailable` are being replaced at a time; pods below the
/// partition keep their revision. Beyond upstream (kubernetes#67250): a pod that never was ready and would be made from
/// another template now is replaced without waiting for it to become ready. Where pods wait for each other, one that was
/// ready is never replaced for that; with Parallel the update takes those of an old template that are not ready first.
extension PodSteps {
    /// The revision that a pod of this ordinal is made from now.
    func revision(of ordinal: Int) -> RevisionHistory.Entry {
        guard case .rollingUpdate(let partition, _) = set.updateStrategy else { return history.update }
        return ordinal < set.startOrdinal + partition ? history.current : history.update
    }

    /// Whether a pod never was ready and waiting for it is of no use: its template is not what it would be made from.
    func isSuperseded(_ pod: CachedObject<PodView>, _ ordinal: Int) -> Bool {
        guard case .rollingUpdate = set.updateStrategy, !pod.view.isTerminating, !pod.view.hasBeenReady else {
            return false
        }
        return !pod.view.revisionName.isEmpty && pod.view.revisionName != revision(of: ordinal).name
    }

    /// Deletes the highest pods that are not of the update revision, as many as may be away.
    mutating func update() {
        guard case .rollingUpdate(let partition, _) = set.updateStrategy else { return }
        let most = set.maximumUnavailable
        var away = Away(self)
        for (ordinal, pod) in replicas.sorted(by: { $0.key > $1.key }) {
            guard !pod.view.isTerminating, !pod.view.isTerminal,
                pod.view.revisionName != revision(of: ordinal).name,
                ordinal >= set.startOrdinal + partition || isSuperseded(pod, ordinal)
            else { continue }
            if pod.view.isRunningAndReady {
                // It serves, so one that is away already counts, whoever it is.
                let isUnavailable = pod.view.isUnavailable(set.minReadySeconds, now)
                guard away.unavailable - (isUnavailable ? 1 : 0) < most else { continue }
                if !isUnavailable { away.unavailable += 1 }
                delete(pod, because: "it is not of the update revision")
            } else {
                guard away.underWay < most else { continue }
                // Should it become ready meanwhile, it is judged anew.
                replace(pod, because: "it is not of the update revision")
            }
            away.underWay += 1
            if pod.view.revisionName == history.current.name { replacedForUpdate += 1 }
        }
    }

    /// How many pods of the range are not there to serve.
    private struct Away {
        /// Missing, ending, or not available.
        var unavailable = 0
        /// Of these the ones that are being replaced: they will come, or come back, as they should be.
        var underWay = 0

        init(_ steps: PodSteps) {
            let missing = steps.set.ordinals.count - steps.replicas.count
            (unavailable, underWay) = (missing, missing)
            for (ordinal, pod) in steps.replicas {
                guard pod.view.isUnavailable(steps.set.minReadySeconds, steps.now) else { continue }
                unavailable += 1
                let isRight = pod.view.revisionName == steps.revision(of: ordinal).name
                if pod.view.isTerminating || pod.view.isTerminal || isRight { underWay += 1 }
            }
        }
    }
}
