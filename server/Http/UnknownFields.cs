using System.Collections.Frozen;
using System.Text.Json;
using HunyuanOrleans.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Http;

/// <summary>Ignores, reports or refuses the parameters of a request that its endpoint does not know.</summary>
internal static class UnknownFields
{
    /// <summary>The response header that lists the unknown parameters of a request.</summary>
    public const string Header = "x-unknown-parameters";

    private const int MaxListed = 20, MaxNameLength = 64;

    /// <summary>Checks the parameters of a request.</summary>
    /// <param name="context">Receives the header.</param>
    /// <param name="body">The request.</param>
    /// <param name="known">The parameters of the endpoint.</param>
    /// <param name="policy">What to do.</param>
    /// <exception cref="ApiException">A parameter is unknown, and the policy is to refuse it.</exception>
    public static void Check(HttpContext context, JsonElement body, KnownFields known, UnknownParameterPolicy policy)
    {
        if (policy == UnknownParameterPolicy.Ignore)
        {
            return;
        }

        List<string> unknown = [];
        foreach (JsonProperty property in body.EnumerateObject())
        {
            Check(property.Name, known.Names);
            if (property.Value.ValueKind == JsonValueKind.Object && property.Name == known.Object)
            {
                foreach (JsonProperty nested in property.Value.EnumerateObject())
                {
                    Check(nested.Name, known.Nested, property.Name + ".");
                }
            }
        }

        if (unknown.Count == 0)
        {
            return;
        }

        if (policy == UnknownParameterPolicy.Refuse)
        {
            throw ApiException.Invalid(
                unknown[0], $"{unknown[0]} is not a parameter of {context.Request.Path}; this server refuses unknown parameters.", "unknown_parameter");
        }

        context.Response.Headers[Header] = string.Join(", ", unknown.Distinct().Take(MaxListed));

        void Check(string name, FrozenSet<string> names, string prefix = "")
        {
            if (!names.Contains(name))
            {
                unknown.Add(Shorten(prefix + name));
            }
        }
    }

    // The name comes from the caller, and a header holds only ASCII.
    private static string Shorten(string name)
    {
        string readable = string.Concat(name.Take(MaxNameLength).Select(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' ? c : '?'));
        return name.Length <= MaxNameLength ? readable : readable + "...";
    }
}
