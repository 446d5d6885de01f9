namespace HunyuanOrleans.Server.Telemetry;

/// <summary>What a host sends to an OpenTelemetry collector.</summary>
public sealed class TelemetryOptions
{
    /// <summary>The resource attribute service.name. Required.</summary>
    public required string ServiceName { get; init; }

    /// <summary>The resource attribute service.instance.id. Default: a new GUID.</summary>
    public string? ServiceInstanceId { get; init; }

    /// <summary>
    /// The collector's address for OTLP over gRPC, such as http://localhost:4317. Default: the environment variable
    /// OTEL_EXPORTER_OTLP_ENDPOINT; without either, nothing is sent.
    /// </summary>
    public string? OtlpEndpoint { get; init; }

    /// <summary>Whether log records are sent as well as metrics and traces. Default false.</summary>
    public bool OtlpLogs { get; init; }

    /// <summary>
    /// How long sending the last telemetry may take when the host stops. Default 1 s. What a slow collector does not take in this time is lost; a higher
    /// value makes such a collector delay the stop.
    /// </summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Parses a collector's address.</summary>
    /// <returns>Null unless it is an absolute http or https address.</returns>
    internal static Uri? ParseEndpoint(string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" ? uri : null;
}
