using System.Reflection;
using Xunit;

namespace HunyuanOrleans.Client.Tests;

/// <summary>The client's package brings no code that computes models.</summary>
public sealed class PackageTests
{
    private const string Product = "HunyuanOrleans.";

    [Fact]
    public void The_client_references_no_assembly_with_model_code()
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        Collect(typeof(HunyuanClient).Assembly, names);
        Assert.Equal(["HunyuanOrleans.Contracts", "HunyuanOrleans.Grammar", "HunyuanOrleans.Text"], names.Order(StringComparer.Ordinal));
    }

    private static void Collect(Assembly assembly, HashSet<string> names)
    {
        foreach (AssemblyName reference in assembly.GetReferencedAssemblies())
        {
            // Packages of others cannot lead back to the product.
            if (reference.Name!.StartsWith(Product, StringComparison.Ordinal) && names.Add(reference.Name))
            {
                Collect(Assembly.Load(reference), names);
            }
        }
    }
}
