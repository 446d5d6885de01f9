using Xunit;

namespace HunyuanOrleans.Structure.Tests;

/// <summary>Dependencies between rooms point one way: what a project refers to, and what its files use.</summary>
public sealed class DependencyTests
{
    /// <summary>
    /// For each room, the rooms that its files may use. docs/structure.md explains them. gguf is no room: the files of text/Gguf, which two rooms compile that
    /// do not know each other.
    /// </summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["kernels"] = [],
        ["text"] = ["gguf"],
        ["cuda"] = ["kernels"],
        ["model"] = ["kernels", "gguf"],
        ["train"] = ["kernels", "model", "text"],
        ["grammar"] = ["text"],
        ["contracts"] = ["text", "grammar"],
        ["engine"] = ["kernels", "model", "text", "grammar", "contracts"],
        ["server"] = ["kernels", "model", "text", "grammar", "contracts", "engine"],
        ["grains"] = ["kernels", "model", "text", "grammar", "contracts", "engine"],
        ["client"] = ["text", "grammar", "contracts"],
        ["silo"] = ["kernels", "cuda", "model", "text", "grammar", "contracts", "engine", "grains", "client", "server"],
        ["cli"] = ["kernels", "cuda", "model", "text", "train", "grammar", "contracts", "engine", "grains", "client", "server", "silo"],
        ["bench"] = ["kernels", "cuda", "model", "text", "grammar", "engine", "ptx"],
    };

    /// <summary>Rooms whose files know Orleans. The engine and the server run without a cluster.</summary>
    private static readonly string[] OnOrleans = ["contracts", "grains", "client", "silo", "cli"];

    public static TheoryData<string> Rooms => [.. Room.All.Select(static room => room.Name)];

    [Fact]
    public void Every_room_has_its_rule() => Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), Room.All.Select(static room => room.Name));

    [Theory]
    [MemberData(nameof(Rooms))]
    public void Projects_refer_only_to_rooms_below(string name) => Assert.All(
        new Room(name).References, reference => Assert.Contains(reference, Allowed[name]));

    [Theory]
    [MemberData(nameof(Rooms))]
    public void Files_use_only_rooms_below(string name)
    {
        string[] rooms = [.. Allowed[name], name];
        foreach (string file in new Room(name).Sources)
        {
            foreach (string used in Room.NamespacesOf(file))
            {
                string[] parts = used.Split('.');
                bool allowed = parts[0] == "Orleans"
                    ? OnOrleans.Contains(name)
                    : parts.Length == 1 || rooms.Contains(parts[1].ToLowerInvariant());
                Assert.True(allowed, $"{file} uses {used}; allowed: {string.Join(", ", rooms)}{(OnOrleans.Contains(name) ? " and Orleans" : "")}.");
            }
        }
    }
}
