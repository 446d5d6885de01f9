using System.Globalization;
using HunyuanOrleans.Engine.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>
/// What a silo says of itself, as silo metadata: capacity, role, zone, instruction set, in what form it holds each model. It does not know
/// what the silo holds now.
/// </summary>
public static class SiloAnnouncement
{
    private const string Device = "hunyuan.device", Memory = "hunyuan.memory", Bandwidth = "hunyuan.bandwidth", Operations = "hunyuan.operations",
        Latency = "hunyuan.network.latency", Network = "hunyuan.network.bandwidth", Zone = "hunyuan.zone", Role = "hunyuan.role", Isa = "hunyuan.isa", Form = "hunyuan.form.";

    /// <summary>Writes a capacity.</summary>
    /// <param name="capacity">The silo's capacity; its name is not in it.</param>
    /// <param name="isa">The instruction set it computes with: only silos of one give the same bits.</param>
    /// <param name="forms">The form of each model's weights: only silos of one give the same bits.</param>
    public static Dictionary<string, string> Of(SiloCapacity capacity, string isa, IReadOnlyDictionary<string, string> forms) => new(
        forms.Select(static form => KeyValuePair.Create(Form + form.Key, form.Value)))
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

    /// <summary>The form in which a silo holds a model; null where it does not say.</summary>
    public static string? FormOf(string model, IReadOnlyDictionary<string, string>? values) =>
        values is not null && values.TryGetValue(Form + model, out string? form) ? form : null;

    /// <summary>Reads a capacity and the instruction set; null where the announcement is not complete (yet).</summary>
    public static (SiloCapacity Capacity, string Isa)? Read(string name, SiloMetadata? announced) => Read(name, announced?.Metadata);

    /// <inheritdoc cref="Read(string, SiloMetadata?)"/>
    public static (SiloCapacity Capacity, string Isa)? Read(string name, IReadOnlyDictionary<string, string>? values)
    {
        if (values is null || !values.TryGetValue(Memory, out string? memory) || !values.TryGetValue(Isa, out string? isa))
        {
            return null;
        }

        return (new SiloCapacity
        {
            Name = name,
            Device = values[Device],
            MemoryBytes = long.Parse(memory, CultureInfo.InvariantCulture),
            MemoryBandwidth = Number(values[Bandwidth]),
            Operations = Number(values[Operations]),
            NetworkLatency = Number(values[Latency]),
            NetworkBandwidth = Number(values[Network]),
            Zone = values[Zone],
            Role = Enum.Parse<SiloRole>(values[Role]),
        }, isa);
    }

    /// <summary>The announced role; <see cref="SiloRole.Any"/> where none is.</summary>
    public static SiloRole RoleOf(SiloMetadata? announced) =>
        announced is not null && announced.Metadata.TryGetValue(Role, out string? role) ? Enum.Parse<SiloRole>(role) : SiloRole.Any;

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
