using System.Globalization;
using HunyuanOrleans.Engine.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>
/// The properties that a silo announces as silo metadata: capacity, role, zone, instruction set, and the format in which it holds each model.
/// </summary>
public static class SiloAnnouncement
{
    private const string Device = "hunyuan.device", Memory = "hunyuan.memory", Bandwidth = "hunyuan.bandwidth", Operations = "hunyuan.operations",
        Latency = "hunyuan.network.latency", Network = "hunyuan.network.bandwidth", Zone = "hunyuan.zone", Role = "hunyuan.role", Isa = "hunyuan.isa", Format = "hunyuan.form.";

    /// <summary>Creates the announcement of a silo.</summary>
    /// <param name="capacity">The silo's capacity. Its name is not announced.</param>
    /// <param name="isa">The instruction set that the silo computes with. Only silos with the same one compute the same bits.</param>
    /// <param name="formats">The format of each model's weights, keys and values. Only silos with the same one compute the same bits.</param>
    public static Dictionary<string, string> Of(SiloCapacity capacity, string isa, IReadOnlyDictionary<string, string> formats) => new(
        formats.Select(static format => KeyValuePair.Create(Format + format.Key, format.Value)))
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

    /// <summary>The format in which a silo holds a model; null if it is not announced.</summary>
    public static string? FormatOf(string model, IReadOnlyDictionary<string, string>? values) =>
        values is not null && values.TryGetValue(Format + model, out string? format) ? format : null;

    /// <summary>Reads the capacity and the instruction set; null while the announcement is incomplete.</summary>
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

    /// <summary>The announced role; <see cref="SiloRole.Any"/> if none is announced.</summary>
    public static SiloRole RoleOf(SiloMetadata? announced) =>
        announced is not null && announced.Metadata.TryGetValue(Role, out string? role) ? Enum.Parse<SiloRole>(role) : SiloRole.Any;

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
