using System.Security.Cryptography;
using System.Text;

namespace HunyuanOrleans.Cli.Batches;

/// <summary>A line of a batch.</summary>
/// <param name="CustomId">The caller's name of the request, unique in the batch.</param>
/// <param name="Url">The path of the endpoint.</param>
/// <param name="Body">The JSON object to send.</param>
internal sealed record BatchRequest(string CustomId, string Url, string Body)
{
    /// <summary>What every <see cref="Id"/> begins with.</summary>
    public const string IdPrefix = "batch_req_";

    private const int IdDigits = 32;

    /// <summary>The id of the answer. It is a digest of the request, so an answer tells whether it belongs to this request or to one that was changed since.</summary>
    public string Id { get; } =
        IdPrefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Url}\n{Body}")))[..IdDigits];

    /// <summary>Whether an id has the form of <see cref="Id"/>, so that it can be compared with it.</summary>
    public static bool IsDigest(string id) =>
        id.Length == IdPrefix.Length + IdDigits && id.StartsWith(IdPrefix, StringComparison.Ordinal) && id.AsSpan(IdPrefix.Length).ContainsAnyExcept("0123456789abcdef") is false;
}
