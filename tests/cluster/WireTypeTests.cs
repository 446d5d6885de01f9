using System.Reflection;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.TestSupport;
using Orleans;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>
/// Silos of two versions talk to each other during a rolling upgrade, so aliases and ids of serialised types must not change. The checked-in list
/// wire-types.txt holds all of them: a change that the other version understands (a new type, member or method) is added to it, any other is a mistake.
/// </summary>
public sealed class WireTypeTests
{
    private const string UpdateVariable = "HUNYUAN_UPDATE_WIRE_TYPES";

    private static readonly Type[] Types =
    [
        .. new[] { typeof(IModelGrain).Assembly, typeof(IAttentionShardGrain).Assembly }
            .SelectMany(static assembly => assembly.GetTypes())
            .Where(static type => type.Namespace?.StartsWith("HunyuanOrleans", StringComparison.Ordinal) == true),
    ];

    private static IEnumerable<Type> Messages => Types.Where(static type => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false));

    private static IEnumerable<Type> Grains => Types.Where(static type => !type.IsAbstract && typeof(Grain).IsAssignableFrom(type));

    private static IEnumerable<Type> Interfaces => Types.Where(static type => type.IsInterface && typeof(IGrain).IsAssignableFrom(type));

    [Fact]
    public void Aliases_and_ids_are_those_of_the_list()
    {
        string path = Path.Combine(TestPaths.Root, "tests", "cluster", "wire-types.txt");
        string[] actual = [.. Describe()];
        if (Environment.GetEnvironmentVariable(UpdateVariable) is { Length: > 0 })
        {
            File.WriteAllLines(path, actual);
        }

        string[] expected = File.ReadAllLines(path);
        int same = expected.Zip(actual).TakeWhile(static pair => pair.First == pair.Second).Count();
        Assert.True(
            expected.SequenceEqual(actual),
            $"Line {same + 1} of {path} is \"{expected.ElementAtOrDefault(same)}\", but the code has \"{actual.ElementAtOrDefault(same)}\". "
            + $"If silos of the previous version understand the change, {UpdateVariable}=1 writes the list again.");
    }

    [Fact]
    public void Every_type_and_method_has_an_alias_and_every_member_an_id()
    {
        Assert.All(Messages, static type => Assert.NotNull(Alias(type)));
        Assert.All(Interfaces, static type => Assert.NotNull(Alias(type)));
        Assert.All(Grains, static type => Assert.NotEmpty(GrainTypeOf(type)));
        Assert.All(Interfaces.SelectMany(static type => type.GetMethods()), static method => Assert.NotNull(Alias(method)));
        Assert.All(
            Messages.Where(static type => !type.IsEnum).SelectMany(Members),
            static member => Assert.True(member.IsDefined(typeof(IdAttribute)), $"{member.DeclaringType!.Name}.{member.Name} has no [Id]."));
    }

    [Fact]
    public void Aliases_are_unique()
    {
        string?[] aliases = [.. Messages.Concat(Interfaces).Select(Alias)];
        Assert.Equal(aliases.Length, aliases.Distinct().Count());
    }

    // The grain type is a part of every grain's identity, so it must not follow the name of the class.
    private static string GrainTypeOf(Type type) => $"{type.GetCustomAttribute<GrainTypeAttribute>()?.GetGrainType(null!, type)}";

    private static IEnumerable<string> Describe()
    {
        foreach (Type type in Grains.OrderBy(static type => type.Name, StringComparer.Ordinal))
        {
            yield return $"grain {GrainTypeOf(type)} ({type.Name})";
        }

        foreach (Type type in Messages.OrderBy(Alias, StringComparer.Ordinal))
        {
            yield return $"{Alias(type)} ({type.Name})";
            if (type.IsEnum)
            {
                foreach (object value in Enum.GetValues(type))
                {
                    yield return $"  {Convert.ToInt64(value)} {value}";
                }

                continue;
            }

            foreach (PropertyInfo member in Members(type).OrderBy(static member => member.GetCustomAttribute<IdAttribute>()!.Id))
            {
                yield return $"  {member.GetCustomAttribute<IdAttribute>()!.Id} {NameOf(member.PropertyType)} {member.Name}";
            }
        }

        foreach (Type type in Interfaces.OrderBy(Alias, StringComparer.Ordinal))
        {
            yield return $"{Alias(type)} ({type.Name})";
            foreach (MethodInfo method in type.GetMethods().OrderBy(Alias, StringComparer.Ordinal))
            {
                yield return $"  {Alias(method)}({string.Join(", ", method.GetParameters().Select(static p => NameOf(p.ParameterType)))}) -> {NameOf(method.ReturnType)}";
            }
        }
    }

    // A property with a setter is state; one without is computed and does not travel. Exceptions are serialised by Orleans' own codec.
    private static IEnumerable<PropertyInfo> Members(Type type) => typeof(Exception).IsAssignableFrom(type)
        ? []
        : type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Where(static property => property.SetMethod is not null);

    private static string? Alias(MemberInfo member) => member.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias;

    private static string NameOf(Type type)
    {
        if (type.IsArray)
        {
            return $"{NameOf(type.GetElementType()!)}[]";
        }

        return type.IsGenericType
            ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
            : type.Name;
    }
}
