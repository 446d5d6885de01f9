using System.Diagnostics;
using HunyuanOrleans.Server.Generation;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>Measures and traces one request. Disposing it records the measurements. <see cref="RecordTokens"/> is thread-safe.</summary>
internal sealed class RequestMetrics : IDisposable
{
    private readonly ServerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly string _operation, _model;
    private readonly long _start;
    private readonly Activity? _activity;
    private long _first, _last;
    private TokenUsage _usage;
    private int _choices = 1;
    private string? _error = "cancelled";

    /// <summary>Starts the measurement.</summary>
    public RequestMetrics(ServerMetrics metrics, TimeProvider time, string operation, string model, bool stream)
    {
        _metrics = metrics;
        _time = time;
        _operation = operation;
        _model = model;
        _start = time.GetTimestamp();
        _activity = ServerMetrics.Source.StartActivity($"{operation} {model}", ActivityKind.Server);
        _activity?.SetTag("gen_ai.operation.name", operation)
            .SetTag("gen_ai.provider.name", ServerMetrics.Provider)
            .SetTag("gen_ai.request.model", model)
            .SetTag("gen_ai.response.model", model)
            .SetTag("gen_ai.request.stream", stream);
        metrics.Active.Add(1);
    }

    /// <summary>How the request ended, for the log: ok or an error type.</summary>
    public string Outcome => _error ?? "ok";

    /// <summary>Records that tokens arrived.</summary>
    public void RecordTokens()
    {
        long now = _time.GetTimestamp();
        Interlocked.CompareExchange(ref _first, now, 0);
        Volatile.Write(ref _last, now);
    }

    /// <summary>Records that the request succeeded.</summary>
    public void Succeeded() => _error = null;

    /// <summary>Records that the request failed.</summary>
    /// <param name="error">The error type.</param>
    public void Failed(string error) => _error = error;

    /// <summary>Records the tokens that the request used.</summary>
    public void RecordUsage(in TokenUsage usage, int choices)
    {
        _usage = usage;
        _choices = Math.Max(1, choices);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        TagList tags = Tags();
        if (_error is not null)
        {
            tags.Add("error.type", _error);
        }

        _metrics.Active.Add(-1);
        _metrics.Duration.Record(_time.GetElapsedTime(_start).TotalSeconds, tags);
        if (_first != 0)
        {
            _metrics.FirstToken.Record(_time.GetElapsedTime(_start, _first).TotalSeconds, Tags());
        }

        // The choices of a request are computed in parallel.
        double gaps = ((double)_usage.Completion / _choices) - 1;
        if (_error is null && gaps > 0)
        {
            _metrics.PerToken.Record(_time.GetElapsedTime(_first, _last).TotalSeconds / gaps, Tags());
        }

        Record(_usage.Prompt, "input");
        Record(_usage.Completion, "output");
        Trace();
    }

    private void Record(int tokens, string type)
    {
        if (tokens > 0)
        {
            TagList tags = Tags();
            tags.Add("gen_ai.token.type", type);
            _metrics.TokenUsage.Record(tokens, tags);
        }
    }

    private void Trace()
    {
        if (_activity is null)
        {
            return;
        }

        _activity.SetTag("gen_ai.usage.input_tokens", _usage.Prompt).SetTag("gen_ai.usage.output_tokens", _usage.Completion);
        if (_error is not null)
        {
            _activity.SetTag("error.type", _error).SetStatus(ActivityStatusCode.Error);
        }

        _activity.Dispose();
    }

    private TagList Tags() => new()
    {
        { "gen_ai.operation.name", _operation },
        { "gen_ai.provider.name", ServerMetrics.Provider },
        { "gen_ai.request.model", _model },
        { "gen_ai.response.model", _model },
    };
}
