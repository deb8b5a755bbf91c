import Kinds
import ObjectModel
import Scheduling
import Testing

/// What a node takes by itself (kubelet's admission), in the kubelet's words.
@Suite struct NodeAdmissionTests {
    private func admission(_ spec: Value = [:], labels: [String: String] = [:]) -> NodeAdmission {
        var admission = NodeAdmission()
        admission.setNode(Scene.node("n", labels, spec: spec))
        return admission
    }

    private func pod(_ name: String, cpu: String = "1", ports: [Value] = [], _ spec: Value = [:]) -> PodView {
        var spec = spec
        spec["containers"] = [
            ["name": "c", "ports": .array(ports), "resources": ["requests": ["cpu": .string(cpu), "memory": "1Gi"]]]
        ]
        return Scene.pod(name, spec)
    }

    private static let taint: Value = ["taints": [["key": "k", "value": "v", "effect": "NoExecute"]]]

    @Test func whatFitsIsTakenAndCounts() {
        var admission = admission()
        #expect(admission.admit(pod("a", cpu: "5")) == nil)
        // Once is enough.
        #expect(admission.admit(pod("a", cpu: "5")) == nil)
        let rejection = admission.admit(pod("b", cpu: "4"))
        #expect(rejection?.reason == "OutOfcpu")
        #expect(
            rejection?.message
                == "Node didn't have enough resource: cpu, requested: 4000, used: 5000, capacity: 8000")
        admission.release(pod("a").metadata.uid)
        admission.release(pod("a").metadata.uid)
        #expect(admission.admit(pod("b", cpu: "8")) == nil)
        #expect(admission.admit(pod("c", cpu: "1m"))?.reason == "OutOfcpu")
    }

    @Test func aPodThatWasAdmittedBeforeCountsWithoutBeingAsked() {
        var admission = admission()
        admission.take(pod("a", cpu: "12"))
        #expect(
            admission.admit(pod("b"))?.message
                == "Node didn't have enough resource: cpu, requested: 1000, used: 12000, capacity: 8000")
    }

    @Test func onlySoManyPodsAreTaken() {
        var admission = NodeAdmission()
        admission.setNode(
            NodeView([
                "metadata": ["name": "n"], "status": ["allocatable": ["cpu": "8", "memory": "8Gi", "pods": "1"]],
            ]))
        #expect(admission.admit(pod("a")) == nil)
        let rejection = admission.admit(pod("b"))
        #expect(rejection?.reason == "OutOfpods")
        #expect(rejection?.message == "Node didn't have enough resource: pods, requested: 1, used: 1, capacity: 1")
    }

    @Test func aHostPortHasOneHolder() {
        var admission = admission()
        let port: Value = ["containerPort": 80, "hostPort": 80, "protocol": "TCP"]
        #expect(admission.admit(pod("a", ports: [port])) == nil)
        let rejection = admission.admit(pod("b", ports: [port]))
        #expect(rejection?.reason == "NodePorts")
        #expect(
            rejection?.message
                == "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports")
    }

    @Test(
        arguments: [
            (["nodeSelector": ["disk": "ssd"]], "NodeAffinity"),
            (["nodeSelector": ["disk": "hdd"]], nil),
            (
                ["containers": [["name": "c", "resources": ["requests": ["ephemeral-storage": "1Gi"]]]]],
                "OutOfephemeral-storage"
            ),
            (["containers": [["name": "c", "resources": ["requests": ["example.com/gpu": "1"]]]]], nil),
        ] as [(Value, String?)])
    func labelsAndOtherResourcesAreAskedFor(_ spec: Value, _ reason: String?) {
        var admission = admission(labels: ["disk": "hdd"])
        #expect(admission.admit(Scene.pod("a", spec))?.reason == reason)
    }

    @Test func onlyNoExecuteTaintsCount() {
        var tainted = admission(Self.taint)
        let rejection = tainted.admit(pod("a"))
        #expect(rejection?.reason == "TaintToleration")
        #expect(
            rejection?.message
                == "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate")
        #expect(tainted.admit(pod("b", ["tolerations": [["key": "k", "operator": "Exists"]]])) == nil)
        var cordoned = admission(["taints": [["key": "k", "effect": "NoSchedule"]], "unschedulable": true])
        #expect(cordoned.admit(pod("a")) == nil)
    }
}
