using System.Security.Cryptography;
using System.Text;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace HunyuanOrleans.Server.Limits;

/// <summary>
/// The hashes of this server's API keys. It identifies callers by comparing all keys in constant time, so that the time taken reveals
/// nothing about them.
/// </summary>
internal sealed class ApiKeyStore
{
    private const string Scheme = "Bearer ";

    private readonly List<(byte[] Hash, Caller Caller)> _keys = [];
    private readonly Caller _anonymous;

    /// <summary>Reads the keys of the options and of the key file.</summary>
    /// <exception cref="OptionsValidationException">The file is missing or malformed.</exception>
    public ApiKeyStore(IOptions<ServerOptions> options, TimeProvider time)
    {
        ServerOptions server = options.Value;
        _anonymous = new Caller("anonymous", server.Limits, time);
        IEnumerable<ApiKeyOptions> fileKeys = server.KeyFile is { Length: > 0 } file ? ApiKeyFile.Read(file) : [];
        foreach (ApiKeyOptions key in server.Keys.Concat(fileKeys))
        {
            _keys.Add((Convert.FromHexString(key.Sha256), new Caller(key.Name, key.Limits ?? server.Limits, time) { IsAdministrator = key.Administrator }));
        }
    }

    /// <summary>Whether callers must send a key.</summary>
    public bool Required => _keys.Count > 0;

    /// <summary>Whether any key is an administrator's.</summary>
    public bool HasAdministrator => _keys.Any(static key => key.Caller.IsAdministrator);

    /// <summary>Returns the caller of a request.</summary>
    /// <exception cref="ApiException">A key is required, and the request has none or an unknown one.</exception>
    public Caller Identify(HttpContext context)
    {
        if (!Required)
        {
            return _anonymous;
        }

        string key = ReadKey(context) ?? throw Unauthorized("An API key is needed: send the header Authorization: Bearer KEY.");
        return Find(key) ?? throw Unauthorized("The API key is not known to this server.");
    }

    private static string? ReadKey(HttpContext context)
    {
        string header = context.Request.Headers[HeaderNames.Authorization].ToString();
        if (header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return header[Scheme.Length..].Trim();
        }

        return MessagesPath.Includes(context.Request.Path) && context.Request.Headers[MessagesPath.KeyHeader].ToString() is { Length: > 0 } key ? key.Trim() : null;
    }

    private static ApiException Unauthorized(string message) => new(StatusCodes.Status401Unauthorized, "authentication_error", message)
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
