using System.Globalization;
using System.Text.Json;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Whether a model can answer now, and how far its weights are loaded.</summary>
/// <param name="Problem">Why it cannot answer, as a sentence; null if it can.</param>
public sealed record ModelReadiness(string? Problem)
{
    // Clients that wait longer without asking would not notice that loading was faster than expected.
    private static readonly TimeSpan ShortestRetry = TimeSpan.FromSeconds(1), LongestRetry = TimeSpan.FromMinutes(2), UnknownRetry = TimeSpan.FromSeconds(5);

    /// <summary>True if the problem is for those who run the server, such as what differs on it. Those who send requests do not see it. Default false.</summary>
    public bool IsInternal { get; init; }

    /// <summary>What is being done with the weights, as it ends the sentence "1.0 of 4.8 GB of its weights are …". Default: loaded.</summary>
    public string Step { get; init; } = "loaded";

    /// <summary>Bytes of the weights that have to be loaded; 0 (default) while nothing is being loaded.</summary>
    public long TotalBytes { get; init; }

    /// <summary>Bytes of them that are still missing.</summary>
    public long BytesLeft { get; init; }

    /// <summary>How long loading them takes at the speed so far; null (default) if that is not known.</summary>
    public TimeSpan? TimeLeft { get; init; }

    /// <summary>How long callers should wait before they ask again: until loading is done, if that is known, within limits.</summary>
    public TimeSpan RetryAfter => TimeLeft is not { } left ? UnknownRetry : left < ShortestRetry ? ShortestRetry : left > LongestRetry ? LongestRetry : left;

    /// <summary>The problem with the progress; null if the model can answer.</summary>
    public string? Message
    {
        get
        {
            if (Problem is null || TotalBytes == 0)
            {
                return Problem;
            }

            string rest = TimeLeft is { } left ? string.Create(CultureInfo.InvariantCulture, $"; about {Math.Ceiling(left.TotalSeconds):0} seconds are left") : "";
            return string.Create(CultureInfo.InvariantCulture, $"{Problem} {(TotalBytes - BytesLeft) / 1e9:0.0} of {TotalBytes / 1e9:0.0} GB of its weights are {Step}{rest}.");
        }
    }

    /// <summary>Writes how far loading is as a JSON value: null while nothing is being loaded.</summary>
    public static void WriteProgress(Utf8JsonWriter json, ModelReadiness? readiness)
    {
        if (readiness is not { TotalBytes: > 0 })
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        json.WriteNumber("total_bytes"u8, readiness.TotalBytes);
        json.WriteNumber("bytes_left"u8, readiness.BytesLeft);
        if (readiness.TimeLeft is { } left)
        {
            json.WriteNumber("seconds_left"u8, left.TotalSeconds);
        }
        else
        {
            json.WriteNull("seconds_left"u8);
        }

        json.WriteEndObject();
    }

    /// <summary>The error of a request that cannot be answered now.</summary>
    internal ApiException ToError() => ApiException.Unavailable(
        "model_not_ready",
        IsInternal ? "This server cannot serve the model now." : $"{Message} {(TotalBytes > 0 && TimeLeft is not null ? "Try again then." : "Try again later.")}",
        RetryAfter);
}
