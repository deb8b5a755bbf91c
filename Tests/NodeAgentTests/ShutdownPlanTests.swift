import Kinds
import NodeAgent
import ObjectModel
import Testing

@Suite struct ShutdownPlanTests {
    private func pod(
        _ name: String, set: String? = nil, index: Int? = nil, namespace: String = "default", phase: String = "Running",
        uid: String? = nil, setUID: String? = nil
    ) -> PodView {
        var pod: Value = [
            "metadata": [
                "name": .string(name), "namespace": .string(namespace), "uid": .string(uid ?? "\(namespace)/\(name)"),
            ], "status": ["phase": .string(phase)],
        ]
        if let set {
            let owner = OwnerReference(
                apiVersion: "apps/v1", kind: "StatefulSet", name: set, uid: setUID ?? "uid-\(set)", isController: true)
            pod["metadata", "ownerReferences"] = [owner.value]
        }
        if let index { pod["metadata", "labels"] = ["apps.kubernetes.io/pod-index": .string(String(index))] }
        return PodView(pod)
    }

    private func names(_ pods: [PodView]) -> [[String]] {
        ShutdownPlan(pods).lanes.map { lane in lane.map { String($0.split(separator: "/").last ?? "") } }
    }

    @Test func aSetStopsFromItsHighestOrdinalDown() {
        let pods = [2, 10, 0, 9].map { (index: Int) in pod("db-\(index)", set: "db", index: index) }
        #expect(names(pods) == [["db-10", "db-9", "db-2", "db-0"]])
    }

    @Test func setsAndSinglePodsDoNotWaitForEachOther() {
        let pods = [
            pod("web-1", set: "web", index: 1), pod("tool"), pod("db-0", set: "db", index: 0),
            pod("web-0", set: "web", index: 0), pod("cron"),
        ]
        #expect(names(pods) == [["db-0"], ["web-1", "web-0"], ["cron"], ["tool"]])
    }

    @Test func setsOfOneNameInTwoNamespacesAreTwoLanes() {
        let pods = [
            pod("db-0", set: "db", index: 0, namespace: "b"), pod("db-1", set: "db", index: 1, namespace: "a"),
        ]
        #expect(ShutdownPlan(pods).lanes == [["a/db-1"], ["b/db-0"]])
    }

    @Test func theNameTellsTheOrdinalWhenTheLabelIsMissing() {
        #expect(names([pod("db-2", set: "db"), pod("db-11", set: "db")]) == [["db-11", "db-2"]])
    }

    /// A pod that was deleted by force still ends while its successor runs; the runtime alone knows no uid of its set.
    @Test func twoPodsOfOneNameAreBothStopped() {
        let pods = [
            pod("db-0", set: "db", uid: "new"), pod("db-1", set: "db", uid: "above", setUID: "real"),
            pod("db-0", set: "db", uid: "former", setUID: "db"), pod("tool", uid: "t2"), pod("tool", uid: "t1"),
        ]
        #expect(ShutdownPlan(pods).lanes == [["above", "former", "new"], ["t1"], ["t2"]])
    }

    @Test func podsThatHaveEndedAreLeftOut() {
        let pods = [pod("a", phase: "Succeeded"), pod("b", phase: "Failed"), pod("c", phase: "Pending")]
        #expect(names(pods) == [["c"]])
    }
}
