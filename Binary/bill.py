"""The bill of materials of a bundle, as CycloneDX 1.6.

Usage, in the build's environment: python bill.py RECORD FILE. The time is SOURCE_DATE_EPOCH, so that two builds of
one commit write the same bill.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import uuid
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path

from contents import system, version
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component as Part
from cyclonedx.model.component import ComponentType
from cyclonedx.model.license import DisjunctiveLicense, License, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from inventory import Component, canonical, inventory
from packageurl import PackageURL
from vendored import is_vendored

SPDX = re.compile(r"[\w.+-]+( (AND|OR|WITH) [\w.+-]+)*")


def bill(components: list[Component], epoch: int) -> str:
    """The bill as JSON text. epoch: the time to give it, in Unix seconds."""
    ours = components[0]
    root = Part(
        name="facetracker",
        version=version(),
        type=ComponentType.APPLICATION,
        bom_ref=f"facetracker@{version()}-{system()}",
        licenses=[_licence(ours.licence)],
    )
    # In alphabetical order of `type` the library would come before others; it sorts by itself in the output.
    parts = [_part(component) for component in components if component is not ours]
    result = Bom(components=parts)
    result.metadata.component = root
    result.metadata.timestamp = datetime.fromtimestamp(epoch, timezone.utc)
    result.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, root.bom_ref.value or "")
    result.register_dependency(root, parts)
    return JsonV1Dot6(result).output_as_string(indent=1)


def _part(component: Component) -> Part:
    url = _package_url(component)
    libraries = [file for file in component.files if component.kind != "distribution" or is_vendored(file[0])]
    nested = _from_bills(component.bills) if libraries else []
    nested += [
        Part(
            name=name,
            type=ComponentType.FILE,
            bom_ref=f"{url}#{name}",
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(source.read_bytes()).hexdigest())],
        )
        for name, source in sorted(libraries)
    ]
    where = ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(component.url)) if component.url else None
    return Part(
        name=component.name,
        version=component.version or None,
        type=ComponentType.LIBRARY,
        bom_ref=str(url),
        purl=url,
        licenses=[_licence(component.licence)],
        external_references=[where] if where else [],
        components=nested,
    )


def _from_bills(files: Iterable[Path]) -> list[Part]:
    """The libraries that a wheel's own bill of materials names: which package of which system each was."""
    found: dict[str, Part] = {}
    for file in files:
        for entry in json.loads(file.read_text(encoding="utf-8")).get("components", []):
            url = entry.get("purl", "")
            if url and not url.startswith("pkg:pypi/"):
                plain = url.partition("#")[0]
                found[plain] = Part(
                    name=entry["name"],
                    version=entry.get("version"),
                    type=ComponentType.LIBRARY,
                    bom_ref=plain,
                    purl=PackageURL.from_string(plain),
                )
    return [found[url] for url in sorted(found)]


def _package_url(component: Component) -> PackageURL:
    if component.kind == "distribution":
        return PackageURL("pypi", name=canonical(component.name), version=component.version)
    if component.kind == "debian":
        return PackageURL("deb", "debian", component.name, component.version)
    return PackageURL("generic", name=component.name.lower().replace(" ", "-"), version=component.version or None)


def _licence(text: str) -> License:
    return LicenseExpression(text) if SPDX.fullmatch(text) and text[0].isupper() else DisjunctiveLicense(name=text)


def main(record: str, file: str) -> int:
    text = bill(inventory(Path(record)), int(os.environ.get("SOURCE_DATE_EPOCH", "0")))
    Path(file).write_text(text + "\n", encoding="utf-8")
    print(f"bill of materials: {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
