internal import ObjectModel

extension PodNetworkSettings {
    /// The CNI network list: a bridge that exists already, addresses from this node's range, host ports.
    package var cniConfiguration: String {
        let mtuLine = mtu.map { "\n      \"mtu\": \($0)," } ?? ""
        return """
            {
              "cniVersion": "1.0.0",
              "name": "\(names.cniNetwork)",
              "plugins": [
                {
                  "type": "bridge",
                  "bridge": "\(names.bridge)",
                  "isGateway": true,
                  "ipMasq": false,
                  "hairpinMode": true,\(mtuLine)
                  "ipam": {
                    "type": "host-local",
                    "dataDir": "\(cniAddressDirectory)",
                    "ranges": [[{ "subnet": "\(nodePodRange)" }]],
                    "routes": [{ "dst": "0.0.0.0/0" }]
                  }
                },
                { "type": "portmap", "capabilities": { "portMappings": true } }
              ]
            }

            """
    }
}
