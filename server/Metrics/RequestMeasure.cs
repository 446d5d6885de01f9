using System.Diagnostics;
using HunyuanOrleans.Server.Generation;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>Measures one request and traces it; disposing records. Tokens may be told from any thread.</summary>
internal sealed class RequestMeasure : IDisposable
{
    private readonly ServerMeter _meter;
    private readonly TimeProvider _time;
    private readonly string _operation, _model;
    private readonly long _begun;
    private readonly Activity? _activity;
    private long _first, _last;
    private AnswerUsage _usage;
    private int _choices = 1;
    private string? _error = "cancelled";

    /// <summary>Starts the clock.</summary>
    public RequestMeasure(ServerMeter meter, TimeProvider time, string operation, string model, bool stream)
    {
        _meter = meter;
        _time = time;
        _operation = operation;
        _model = model;
        _begun = time.GetTimestamp();
        _activity = ServerMeter.Source.StartActivity($"{operation} {model}", ActivityKind.Server);
        _activity?.SetTag("gen_ai.operation.name", operation)
            .SetTag("gen_ai.provider.name", ServerMeter.Provider)
            .SetTag("gen_ai.request.model", model)
            .SetTag("gen_ai.response.model", model)
            .SetTag("gen_ai.request.stream", stream);
        meter.Active.Add(1);
    }

    /// <summary>How it ended, for the log.</summary>
    public string Outcome => _error ?? "ok";

    /// <summary>Tokens came.</summary>
    public void Tokens()
    {
        long now = _time.GetTimestamp();
        Interlocked.CompareExchange(ref _first, now, 0);
        Volatile.Write(ref _last, now);
    }

    /// <summary>It was answered.</summary>
    public void Succeeded() => _error = null;

    /// <summary>It was not.</summary>
    /// <param name="error">A short name of why.</param>
    public void Failed(string error) => _error = error;

    /// <summary>What it used.</summary>
    public void Used(in AnswerUsage usage, int choices)
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

        _meter.Active.Add(-1);
        _meter.Duration.Record(_time.GetElapsedTime(_begun).TotalSeconds, tags);
        if (_first != 0)
        {
            _meter.FirstToken.Record(_time.GetElapsedTime(_begun, _first).TotalSeconds, Tags());
        }

        // Answers of one request are written side by side.
        double gaps = ((double)_usage.Answer / _choices) - 1;
        if (_error is null && gaps > 0)
        {
            _meter.PerToken.Record(_time.GetElapsedTime(_first, _last).TotalSeconds / gaps, Tags());
        }

        Record(_usage.Prompt, "input");
        Record(_usage.Answer, "output");
        Trace();
    }

    private void Record(int tokens, string type)
    {
        if (tokens > 0)
        {
            TagList tags = Tags();
            tags.Add("gen_ai.token.type", type);
            _meter.TokenUsage.Record(tokens, tags);
        }
    }

    private void Trace()
    {
        if (_activity is null)
        {
            return;
        }

        _activity.SetTag("gen_ai.usage.input_tokens", _usage.Prompt).SetTag("gen_ai.usage.output_tokens", _usage.Answer);
        if (_error is not null)
        {
            _activity.SetTag("error.type", _error).SetStatus(ActivityStatusCode.Error);
        }

        _activity.Dispose();
    }

    private TagList Tags() => new()
    {
        { "gen_ai.operation.name", _operation },
        { "gen_ai.provider.name", ServerMeter.Provider },
        { "gen_ai.request.model", _model },
        { "gen_ai.response.model", _model },
    };
}
