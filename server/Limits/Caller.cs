using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Limits;

/// <summary>Whoever shows a key, or none: a name for logs, and what may be done. Any thread.</summary>
internal sealed class Caller
{
    private static readonly TimeSpan ConcurrencyRetry = TimeSpan.FromSeconds(1);

    private readonly TokenBucket? _requests;
    private readonly TokenBucket? _tokens;
    private readonly int _most;
    private int _running;

    /// <summary>A caller with nothing used yet.</summary>
    public Caller(string name, LimitOptions limits, TimeProvider time)
    {
        Name = name;
        _most = limits.MaxConcurrent;
        _requests = limits.RequestsPerMinute > 0 ? new TokenBucket(limits.RequestsPerMinute, time) : null;
        _tokens = limits.TokensPerMinute > 0 ? new TokenBucket(limits.TokensPerMinute, time) : null;
    }

    /// <summary>For logs.</summary>
    public string Name { get; }

    /// <summary>Lets a request in.</summary>
    /// <returns>To be disposed when the request is over.</returns>
    /// <exception cref="ApiException">A limit is reached; says when to try again.</exception>
    public CallerLease Enter()
    {
        if (Interlocked.Increment(ref _running) > _most && _most > 0)
        {
            Interlocked.Decrement(ref _running);
            throw ApiException.TooMany("concurrency_limit", $"At most {_most} requests may run at once. Try again when one has ended.", ConcurrencyRetry);
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

    /// <summary>Says that a request is over.</summary>
    public void Leave() => Interlocked.Decrement(ref _running);

    /// <summary>Says how many tokens a request used.</summary>
    public void Charge(int tokens) => _tokens?.Charge(tokens);

    private static void Check(TokenBucket? bucket, double amount, string code, string message)
    {
        if (bucket?.TryTake(amount, Math.Max(amount, double.Epsilon)) is TimeSpan wait)
        {
            throw ApiException.TooMany(code, message, wait);
        }
    }
}
