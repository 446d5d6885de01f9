using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Limits;

/// <summary>The owner of an API key, or all anonymous callers together, with the limits that apply to them. Thread-safe.</summary>
internal sealed class Caller
{
    private static readonly TimeSpan ConcurrencyRetry = TimeSpan.FromSeconds(1);

    private readonly TokenBucket? _requests;
    private readonly TokenBucket? _tokens;
    private readonly int _maxConcurrent;
    private int _running;

    /// <summary>Creates a caller that has used nothing yet.</summary>
    public Caller(string name, LimitOptions limits, TimeProvider time)
    {
        Name = name;
        _maxConcurrent = limits.MaxConcurrent;
        _requests = limits.RequestsPerMinute > 0 ? new TokenBucket(limits.RequestsPerMinute, time) : null;
        _tokens = limits.TokensPerMinute > 0 ? new TokenBucket(limits.TokensPerMinute, time) : null;
    }

    /// <summary>Whether it may change what the server serves.</summary>
    public bool IsAdministrator { get; init; }

    /// <summary>The name, for logs.</summary>
    public string Name { get; }

    /// <summary>Admits a request.</summary>
    /// <returns>A lease, which the request disposes when it ends.</returns>
    /// <exception cref="ApiException">A limit is reached. The exception says when to try again.</exception>
    public CallerLease Enter()
    {
        if (Interlocked.Increment(ref _running) > _maxConcurrent && _maxConcurrent > 0)
        {
            Interlocked.Decrement(ref _running);
            throw ApiException.TooManyRequests("concurrency_limit", $"At most {_maxConcurrent} requests may run at once. Try again when one has ended.", ConcurrencyRetry);
        }

        try
        {
            Check(_tokens, 0, "token_limit", "The tokens allowed per minute are used up.");
            Check(_requests, 1, "rate_limit_exceeded", "The requests allowed per minute are used up.");
        }
        catch
        {
            Interlocked.Decrement(ref _running);
            throw;
        }

        return new CallerLease(this);
    }

    /// <summary>Ends a request.</summary>
    public void Leave() => Interlocked.Decrement(ref _running);

    /// <summary>Charges tokens that a request used.</summary>
    public void Charge(int tokens) => _tokens?.Charge(tokens);

    private static void Check(TokenBucket? bucket, double amount, string code, string message)
    {
        if (bucket?.TryTake(amount, Math.Max(amount, double.Epsilon)) is TimeSpan wait)
        {
            throw ApiException.TooManyRequests(code, message, wait);
        }
    }
}
