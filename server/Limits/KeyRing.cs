using System.Security.Cryptography;
using System.Text;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace HunyuanOrleans.Server.Limits;

/// <summary>
/// The keys of this server, as hashes, and who shows one. Every key is compared, in constant time, so that the time taken says nothing
/// of which one nearly fits.
/// </summary>
internal sealed class KeyRing
{
    private const string Scheme = "Bearer ";

    private readonly List<(byte[] Hash, Caller Caller)> _keys = [];
    private readonly Caller _anyone;

    /// <summary>Reads the keys of the options and of the key file.</summary>
    /// <exception cref="OptionsValidationException">The file is missing or malformed.</exception>
    public KeyRing(IOptions<ServerOptions> options, TimeProvider time)
    {
        ServerOptions server = options.Value;
        _anyone = new Caller("anonymous", server.Limits, time);
        IEnumerable<ApiKeyOptions> filed = server.KeyFile is { Length: > 0 } file ? KeyFile.Read(file) : [];
        foreach (ApiKeyOptions key in server.Keys.Concat(filed))
        {
            _keys.Add((Convert.FromHexString(key.Sha256), new Caller(key.Name, key.Limits ?? server.Limits, time)));
        }
    }

    /// <summary>Whether callers must show a key.</summary>
    public bool Required => _keys.Count > 0;

    /// <summary>Who sent a request.</summary>
    /// <exception cref="ApiException">A key is needed, and none or a wrong one was shown.</exception>
    public Caller Identify(HttpContext context)
    {
        if (!Required)
        {
            return _anyone;
        }

        string header = context.Request.Headers[HeaderNames.Authorization].ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            throw Refused("An API key is needed: send the header Authorization: Bearer KEY.");
        }

        return Find(header[Scheme.Length..].Trim()) ?? throw Refused("The API key is not known to this server.");
    }

    private static ApiException Refused(string message) => new(StatusCodes.Status401Unauthorized, "authentication_error", message)
    {
        Code = "invalid_api_key",
    };

    private Caller? Find(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        Caller? found = null;
        foreach ((byte[] known, Caller caller) in _keys)
        {
            found = CryptographicOperations.FixedTimeEquals(known, hash) ? caller : found;
        }

        return found;
    }
}
