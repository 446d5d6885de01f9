using System.Collections;
using System.Reflection;
using System.Text.RegularExpressions;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>docs/operating.md lists the options, and docs/api.md the endpoints.</summary>
public sealed class DocumentsTests
{
    [Fact]
    public void The_table_of_settings_lists_every_option_with_its_default()
    {
        string text = File.ReadAllText(Path.Combine(TestPaths.Root, "docs", "operating.md"));
        string section = text.Split("\n## ").Single(static part => part.StartsWith("Settings\n", StringComparison.Ordinal));
        IEnumerable<(string, string)> listed = Regex.Matches(section, @"^\| `([A-Za-z0-9:]+)` \| ([^|]+) \|", RegexOptions.Multiline)
            .Select(row => (row.Groups[1].Value, row.Groups[2].Value.Trim('`')));
        IEnumerable<(string, string)> options =
            [.. Rows("", new ServerOptions()), .. Rows("Keys:", new ApiKeyOptions()), .. Rows("Limits:", new LimitOptions())];
        Assert.Equal(options.Order(), listed.Order());
    }

    [Fact]
    public async Task The_table_of_endpoints_lists_every_route()
    {
        string text = File.ReadAllText(Path.Combine(TestPaths.Root, "docs", "api.md"));
        IEnumerable<string> listed = Regex.Matches(text, "^\\| `([A-Z]+ [^`]+)` \\|", RegexOptions.Multiline).Select(static row => row.Groups[1].Value);
        await using TestServer server = await TestServer.StartEmptyAsync();
        IEnumerable<RouteEndpoint> routes = server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(static route => !UnsupportedEndpoint.Paths.Contains(route.RoutePattern.RawText) && !IsPage(route.RoutePattern.RawText!));
        Assert.Equal(
            routes.SelectMany(static route => route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Where(static method => method != "HEAD")
                .Select(method => $"{method} {route.RoutePattern.RawText}")).Order(StringComparer.Ordinal),
            listed.Order(StringComparer.Ordinal));
        Assert.All(UnsupportedEndpoint.Paths, path => Assert.Contains($"`{path.Replace("{**rest}", "…", StringComparison.Ordinal)}`", text, StringComparison.Ordinal));
    }

    [Fact]
    public void The_table_of_parameters_lists_every_one()
    {
        string text = File.ReadAllText(Path.Combine(TestPaths.Root, "docs", "api.md"));
        (string Name, string Endpoints)[] listed = [.. Regex.Matches(text, "^\\| `([a-z_]+)` \\| ([a-z, ]+) \\|", RegexOptions.Multiline)
            .Select(static row => (row.Groups[1].Value, row.Groups[2].Value))];
        HashSet<string> others = [.. EndpointFields.NoEffect, .. UnsupportedFields.Names];
        Assert.Equal(EndpointFields.Chat.Names.Except(others).Order(), listed.Where(static row => row.Endpoints.Contains("chat", StringComparison.Ordinal)).Select(static row => row.Name).Order());
        Assert.Equal(EndpointFields.Completions.Names.Except(others).Order(), listed.Where(static row => row.Endpoints.Contains("text", StringComparison.Ordinal)).Select(static row => row.Name).Order());
        Assert.All(others, name => Assert.Contains($"`{name}`", text, StringComparison.Ordinal));
    }

    private static bool IsPage(string path) => path == "/" || path.Contains('.', StringComparison.Ordinal);

    private static IEnumerable<(string Name, string Default)> Rows(string prefix, object options) =>
        options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => (prefix + property.Name, property.GetValue(options) switch
        {
            null or "" or ICollection { Count: 0 } => "none",
            LimitOptions => "see below",
            bool flag => flag ? "true" : "false",
            TimeSpan span => span.ToString(),
            { } value => FormattableString.Invariant($"{value}"),
        }));
}
