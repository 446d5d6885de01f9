using System.Globalization;
using HunyuanOrleans.Engine.Placement;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>
/// The properties that a silo announces as silo metadata: capacity, role, zone, instruction set, and the format and identity of each model.
/// </summary>
public static class SiloAnnouncement
{
    private const string Device = "hunyuan.device", Memory = "hunyuan.memory", Bandwidth = "hunyuan.bandwidth", Operations = "hunyuan.operations",
        Latency = "hunyuan.network.latency", Network = "hunyuan.network.bandwidth", Zone = "hunyuan.zone", Role = "hunyuan.role", Isa = "hunyuan.isa", Format = "hunyuan.form.", Identity = "hunyuan.identity.";

    /// <summary>Creates the announcement of a silo.</summary>
    /// <param name="capacity">The silo's capacity. Its name is not announced.</param>
    /// <param name="isa">The instruction set that the silo computes with. Silos of earlier versions compare it.</param>
    /// <param name="formats">The format of each model's weights, keys and values. Silos of earlier versions compare it.</param>
    /// <param name="identities">The identity of each model. Only silos whose identities match share a model.</param>
    public static Dictionary<string, string> Of(
        SiloCapacity capacity, string isa, IReadOnlyDictionary<string, string> formats, IReadOnlyDictionary<string, ModelIdentity> identities) => new(
        [
            .. formats.Select(static format => KeyValuePair.Create(Format + format.Key, format.Value)),
            .. identities.Select(static identity => KeyValuePair.Create(Identity + identity.Key, identity.Value.Text)),
        ])
    {
        [Device] = capacity.Device,
        [Memory] = capacity.MemoryBytes.ToString(CultureInfo.InvariantCulture),
        [Bandwidth] = Text(capacity.MemoryBandwidth),
        [Operations] = Text(capacity.Operations),
        [Latency] = Text(capacity.NetworkLatency),
        [Network] = Text(capacity.NetworkBandwidth),
        [Zone] = capacity.Zone,
        [Role] = capacity.Role.ToString(),
        [Isa] = isa,
    };

    /// <summary>The identity of a model on a silo; null if the silo was started without the model.</summary>
    public static ModelIdentity? IdentityOf(string model, IReadOnlyDictionary<string, string> values) =>
        values.TryGetValue(Identity + model, out string? identity) ? ModelIdentity.Parse(identity)
        : values.TryGetValue(Format + model, out string? format) && values.TryGetValue(Isa, out string? isa) ? ModelIdentity.Of(format, isa)
        : null;

    /// <summary>True if all of it has arrived.</summary>
    public static bool IsComplete(IReadOnlyDictionary<string, string> values) => values.ContainsKey(Memory) && values.ContainsKey(Isa);

    /// <summary>Reads the capacity of a complete announcement.</summary>
    public static SiloCapacity Read(string name, IReadOnlyDictionary<string, string> values) => new()
    {
        Name = name,
        Device = values[Device],
        MemoryBytes = long.Parse(values[Memory], CultureInfo.InvariantCulture),
        MemoryBandwidth = Number(values[Bandwidth]),
        Operations = Number(values[Operations]),
        NetworkLatency = Number(values[Latency]),
        NetworkBandwidth = Number(values[Network]),
        Zone = values[Zone],
        Role = RoleOf(values),
    };

    /// <summary>The announced role; <see cref="SiloRole.Any"/> if none is announced.</summary>
    public static SiloRole RoleOf(IReadOnlyDictionary<string, string>? values) =>
        values is not null && values.TryGetValue(Role, out string? role) ? Enum.Parse<SiloRole>(role) : SiloRole.Any;

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
