using System.Globalization;

namespace HunyuanOrleans.Cli.Simulation;

/// <summary>What an event of a simulation ends.</summary>
internal enum SimulationTarget
{
    /// <summary>The silo with the scheduler, by kill -9.</summary>
    Scheduler,

    /// <summary>A silo with attention layers and not the scheduler, by kill -9.</summary>
    Attention,

    /// <summary>A silo with experts and not the scheduler, by kill -9; one without attention layers if there is any.</summary>
    Experts,

    /// <summary>A silo that is not the scheduler, by kill -9: each is a gateway.</summary>
    Gateway,

    /// <summary>All silos of a zone at the same time, by kill -9.</summary>
    Zone,

    /// <summary>Every silo in turn, by SIGTERM, each started again before the next one.</summary>
    Roll,
}

/// <summary>An event of a simulation.</summary>
/// <param name="Target">What ends.</param>
/// <param name="At">Simulated time since the run began.</param>
internal readonly record struct SimulationEvent(SimulationTarget Target, TimeSpan At)
{
    /// <summary>The form of an event, for error messages.</summary>
    public const string Form = "TARGET@SECONDS such as attention@30s; targets: scheduler, attention, experts, gateway, zone, roll";

    /// <summary>Parses TARGET@SECONDS; null if the text has another form.</summary>
    public static SimulationEvent? Parse(string text)
    {
        string[] parts = text.Split('@');
        return parts.Length == 2
            && !char.IsAsciiDigit(parts[0].FirstOrDefault()) && Enum.TryParse(parts[0], ignoreCase: true, out SimulationTarget target)
            && double.TryParse(parts[1].TrimEnd('s'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
            && seconds is >= 0 and <= 86400
            ? new SimulationEvent(target, TimeSpan.FromSeconds(seconds))
            : null;
    }
}
