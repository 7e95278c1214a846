// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {CompactSignature} from "./CompactSignature.sol";
import {ProductWord, ReleaseWord} from "./ReleaseWords.sol";

/// @title Releases of firmware, readable by Merkle proof
/// @notice A publisher proposes a release, m of n approvers activate it, any one of them revokes it,
/// m of n roots appoint all of them. A device reads three words of one product under constant keys:
/// what its newest approved release is. The history only grows; nothing in it is ever edited but for
/// approvals and the flag of a revocation.
/// @notice No single key brings a release to a device: nobody holds two roles, at least one publisher
/// and one approver are needed for a release, and at least two roots to appoint anybody.
/// @dev No proxy, no dependency, no owner. Slots and words are an interface; they never change.
contract ReleaseIndex {
    using ReleaseWord for uint256;
    using ProductWord for uint256;

    /// @notice Three words per product: what a device reads.
    /// @param manifest SHA-256 of the manifest of the newest approved release.
    /// @param word Its release word, see ReleaseWord.
    /// @param product Product word, see ProductWord.
    struct Head {
        bytes32 manifest;
        uint256 word;
        uint256 product;
    }

    /// @notice Two words per release.
    /// @param manifest SHA-256 of its manifest.
    /// @param word Its release word, see ReleaseWord.
    struct Release {
        bytes32 manifest;
        uint256 word;
    }

    /// @notice Slot 0: product => head.
    mapping(bytes32 => Head) internal heads;
    /// @notice Slot 1: keccak256(abi.encode(product, index)) => release.
    mapping(bytes32 => Release) internal releases;
    /// @notice Slot 2: keccak256(abi.encode(product, epoch, member)) => role 8 | position 8.
    mapping(bytes32 => uint256) internal members;
    /// @notice Slot 3: keccak256(abi.encode(product, epoch, change)) => voters 32 | votes 8.
    mapping(bytes32 => uint256) internal votes;
    /// @notice Slot 4: keccak256(abi.encode(product, device)) => 1 if it may install releases of a
    /// restricted product, 2 if it might once.
    mapping(bytes32 => uint256) internal allowed;

    /// @notice Proposes releases, keeps the allow-list.
    uint8 internal constant PUBLISHER = 1;
    /// @notice Approves and revokes releases.
    uint8 internal constant APPROVER = 2;
    /// @notice Appoints publishers, approvers and roots.
    uint8 internal constant ROOT = 4;
    /// @notice Most members of a product.
    uint256 internal constant MEMBERS_MAX = 32;
    /// @notice Longest delay, seconds.
    uint256 internal constant DELAY_MAX = 90 days;
    /// @dev Bytes of one member in a list: address 20 | role 1.
    uint256 private constant MEMBER = 21;
    /// @dev On the allow-list, and no more on it; never zero again.
    uint256 private constant ALLOWED = 1;
    uint256 private constant WITHDRAWN = 2;

    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME = keccak256("wick ReleaseIndex");
    bytes32 private constant VERSION = keccak256("1");
    bytes32 private constant APPROVE = keccak256(
        "Approve(bytes32 product,uint32 index,bytes32 manifest,uint256 claims,uint32 epoch)"
    );

    /// @notice Who creates products, and has no other power; zero = anybody.
    address public immutable REGISTRAR;

    /// @notice A product has members. @param product Product. @param word New product word.
    /// @param list Its members: address 20 | role 1 each.
    event RolesSet(bytes32 indexed product, uint256 word, bytes list);
    /// @notice A root agrees to a change of members. @param product Product. @param root Who.
    /// @param change keccak256(abi.encode(keccak256(list), terms)). @param vote Votes so far.
    event RolesVoted(bytes32 indexed product, address indexed root, bytes32 change, uint256 vote);
    /// @notice A release was proposed. @param product Product. @param index Its index.
    /// @param manifest SHA-256 of its manifest. @param word Its release word.
    event Proposed(
        bytes32 indexed product, uint256 indexed index, bytes32 manifest, uint256 word
    );
    /// @notice A release was approved. @param product Product. @param index Its index.
    /// @param approver Who. @param word New release word.
    event Approved(
        bytes32 indexed product, uint256 indexed index, address indexed approver, uint256 word
    );
    /// @notice A release is the product's newest. @param product Product. @param index Its index.
    /// @param manifest SHA-256 of its manifest. @param word New release word.
    event Activated(
        bytes32 indexed product, uint256 indexed index, bytes32 manifest, uint256 word
    );
    /// @notice A release was revoked. @param product Product. @param index Its index.
    /// @param approver Who. @param word New release word.
    event Revoked(
        bytes32 indexed product, uint256 indexed index, address indexed approver, uint256 word
    );
    /// @notice The allow-list of a product changed. @param product Product. @param device Device.
    /// @param allowed Whether it may install releases now.
    event Allowed(bytes32 indexed product, bytes32 indexed device, bool allowed);

    /// @notice The caller may not create products.
    error NotRegistrar();
    /// @notice The product is there already, or its id is zero.
    error ProductTaken();
    /// @notice The caller is no publisher of the product.
    error NotPublisher();
    /// @notice The caller, or who signed for him, is no approver of the product.
    error NotApprover();
    /// @notice The caller is no root of the product.
    error NotRoot();
    /// @notice List of members or thresholds that would let one key decide, or nobody.
    error BadRoles();
    /// @notice Manifest, its size or the version is zero.
    error BadRelease();
    /// @notice The version is not above that of the newest approved release.
    error VersionNotRising();
    /// @notice The security counter is below that of the newest approved release.
    /// @param stored That counter.
    error CounterFalls(uint32 stored);
    /// @notice The product has no release of this index.
    error UnknownRelease();
    /// @notice The release has another manifest than was reviewed, or claims other things about it.
    error WrongManifest();
    /// @notice The release was revoked.
    error ReleaseRevoked();
    /// @notice The members were changed since the release was proposed.
    /// @param stored Their epoch.
    error RolesChanged(uint32 stored);
    /// @notice This member has said so already.
    error AlreadyVoted();
    /// @notice The device is on the list already, or is not on it.
    error SameEntry();

    /// @notice Creates an empty index.
    /// @param registrar Who creates products; zero = anybody.
    constructor(address registrar) {
        REGISTRAR = registrar;
    }

    // ---- members ----

    /// @notice Creates a product. The registrar only, if there is one. It stays for ever.
    /// @param product keccak256 of its name, not used before.
    /// @param list Its members, 21 bytes each: address 20 | role 1 (1 publisher, 2 approver, 4 root),
    /// addresses strictly ascending.
    /// @param terms delay 32 | approvals 8 | roots 8 | flags 8 (1 = restricted).
    function create(bytes32 product, bytes calldata list, uint256 terms) external {
        if (REGISTRAR != address(0) && msg.sender != REGISTRAR) {
            revert NotRegistrar();
        }
        uint256 word = heads[product].product;
        if (product == 0 || word != 0) {
            revert ProductTaken();
        }
        _checkRoles(list, terms);
        _setRoles(product, word, list, terms);
    }

    /// @notice Agrees to other members and thresholds. Roots only. When as many as must have sent the
    /// same, it is done: releases that wait for approvals then, and votes, are void.
    /// @param product Product.
    /// @param list Its members, as in `create`.
    /// @param terms Delay, thresholds and flags, as in `create`.
    function setRoles(bytes32 product, bytes calldata list, uint256 terms) external {
        uint256 word = heads[product].product;
        uint256 position = _position(product, word.epoch(), msg.sender, ROOT);
        if (position == MEMBERS_MAX) {
            revert NotRoot();
        }
        _checkRoles(list, terms);
        bytes32 change = keccak256(abi.encode(keccak256(list), terms));
        bytes32 key = keccak256(abi.encode(product, word.epoch(), change));
        uint256 vote = votes[key];
        if ((vote >> position) & 1 != 0) {
            revert AlreadyVoted();
        }
        unchecked {
            vote = (vote | (1 << position)) + (1 << 32);
        }
        votes[key] = vote;
        emit RolesVoted(product, msg.sender, change, vote >> 32);
        if (vote >> 32 >= word.roots()) {
            _setRoles(product, word, list, terms);
        }
    }

    /// @notice Puts a device on a product's allow-list, or takes it off. Publishers only. Readers heed
    /// the list if the product is restricted.
    /// @param product Product.
    /// @param device Id of the device: keccak256 of its name.
    /// @param allow Whether it may install releases.
    function setAllowed(bytes32 product, bytes32 device, bool allow) external {
        _onlyPublisher(product, heads[product].product);
        bytes32 key = keccak256(abi.encode(product, device));
        if ((allowed[key] == ALLOWED) == allow) {
            revert SameEntry();
        }
        allowed[key] = allow ? ALLOWED : WITHDRAWN;
        emit Allowed(product, device, allow);
    }

    // ---- releases ----

    /// @notice Proposes a release. Publishers only. Devices see nothing of it until it is approved,
    /// and a proposal uses up no version.
    /// @param product Product.
    /// @param manifest SHA-256 of its manifest.
    /// @param version Above that of the newest approved release.
    /// @param counter Security counter, not below that of the newest approved release.
    /// @param size Bytes of the manifest.
    /// @param isFloor Whether nothing below this security counter is to run any more.
    /// @return index Its index.
    function publish(
        bytes32 product,
        bytes32 manifest,
        uint64 version,
        uint32 counter,
        uint32 size,
        bool isFloor
    ) external returns (uint32 index) {
        Head storage head = heads[product];
        uint256 word = head.product;
        _onlyPublisher(product, word);
        if (manifest == 0 || version == 0 || size == 0) {
            revert BadRelease();
        }
        uint256 release =
            ReleaseWord.pack(version, counter, size, word.approvals(), isFloor, word.epoch());
        _checkRises(release, head, word);
        index = word.count();
        head.product = word.withNext();
        releases[_entry(product, index)] = Release(manifest, release);
        emit Proposed(product, index, manifest, release);
    }

    /// @notice Approves a release; with the last approval needed it is the product's newest. Approvers
    /// only, each once. More may follow, for devices that want more.
    /// @dev The index cannot read manifests: whether version, counter and size are those of this one
    /// the approver alone can tell. A head that claims more than its manifest would be installed by
    /// nobody and would shut out the releases after it.
    /// @param product Product.
    /// @param index Its index.
    /// @param manifest The manifest that was reviewed.
    /// @param claims What was reviewed with it: version, counter, size and FLOOR where a release word
    /// has them, zero elsewhere.
    function approve(bytes32 product, uint32 index, bytes32 manifest, uint256 claims) external {
        _approve(product, index, manifest, claims, heads[product].product, msg.sender);
    }

    /// @notice Approves a release for an approver who signed, so that his key needs no Ether. The
    /// signature is void when the members change, or the release is revoked.
    /// @param product Product.
    /// @param index Its index.
    /// @param manifest The manifest that was reviewed.
    /// @param claims What was reviewed with it, as in `approve`.
    /// @param r Signature of Approve(product, index, manifest, claims, epoch), first half.
    /// @param vs Second half, EIP-2098.
    function approveFor(
        bytes32 product,
        uint32 index,
        bytes32 manifest,
        uint256 claims,
        bytes32 r,
        bytes32 vs
    ) external {
        uint256 word = heads[product].product;
        bytes32 body =
            keccak256(abi.encode(APPROVE, product, index, manifest, claims, word.epoch()));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domainSeparator(), body));
        _approve(product, index, manifest, claims, word, CompactSignature.recover(digest, r, vs));
    }

    /// @notice Revokes a release, approved or not, for ever. Any one approver.
    /// @param product Product.
    /// @param index Its index.
    function revoke(bytes32 product, uint32 index) external {
        Head storage head = heads[product];
        uint256 word = head.product;
        if (_position(product, word.epoch(), msg.sender, APPROVER) == MEMBERS_MAX) {
            revert NotApprover();
        }
        Release storage release = releases[_entry(product, index)];
        uint256 state = release.word;
        _checkLive(state);
        state = state.asRevoked();
        release.word = state;
        if (state.activeFrom() != 0 && index == word.index()) {
            head.word = state;
            head.product = word.touched(block.timestamp);
        }
        emit Revoked(product, index, msg.sender, state);
    }

    // ---- views, for people; devices prove ----

    /// @param slot Storage slot. @return word What is there.
    function storedWord(bytes32 slot) external view returns (bytes32 word) {
        assembly ("memory-safe") {
            word := sload(slot)
        }
    }

    /// @return Separator of EIP-712 of this contract on this chain.
    function domainSeparator() public view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN, NAME, VERSION, block.chainid, address(this)));
    }

    // ---- inside ----

    /// @dev Counts an approval.
    /// @param product Product. @param index Index of the release. @param manifest What was reviewed.
    /// @param claims What was reviewed with it. @param word Product word. @param approver Who.
    function _approve(
        bytes32 product,
        uint32 index,
        bytes32 manifest,
        uint256 claims,
        uint256 word,
        address approver
    ) private {
        uint256 position = _position(product, word.epoch(), approver, APPROVER);
        if (position == MEMBERS_MAX) {
            revert NotApprover();
        }
        Release storage release = releases[_entry(product, index)];
        uint256 state = release.word;
        _checkLive(state);
        if (release.manifest != manifest || state.claims() != claims) {
            revert WrongManifest();
        }
        if (state.proposedIn() != word.epoch()) {
            revert RolesChanged(word.epoch());
        }
        if (state.hasVoted(position)) {
            revert AlreadyVoted();
        }
        state = state.withVote(position);
        Head storage head = heads[product];
        bool isNew = state.activeFrom() == 0;
        if (isNew) {
            _checkRises(state, head, word);
            isNew = state.isApproved();
            if (isNew) {
                unchecked {
                    state = state.withActiveFrom(block.timestamp + word.delay());
                }
                head.manifest = manifest;
                word = word.withHead(index, state);
            }
        }
        release.word = state;
        if (state.activeFrom() != 0 && index == word.index()) {
            head.word = state;
            head.product = word.touched(block.timestamp);
        }
        emit Approved(product, index, approver, state);
        if (isNew) {
            emit Activated(product, index, manifest, state);
        }
    }

    /// @dev Refuses members and terms that let one key decide, or nobody.
    /// @param list Members. @param terms Delay, thresholds, flags.
    function _checkRoles(bytes calldata list, uint256 terms) private pure {
        uint256[5] memory held;
        uint256 count = list.length / MEMBER;
        bool fits = list.length % MEMBER == 0 && count <= MEMBERS_MAX;
        uint256 last = 0;
        for (uint256 i = 0; fits && i < count; ++i) {
            uint256 member = uint168(bytes21(list[i * MEMBER:]));
            uint256 role = member & 0xff;
            fits = member >> 8 > last && (role == PUBLISHER || role == APPROVER || role == ROOT);
            if (fits) {
                ++held[role];
            }
            last = member >> 8;
        }
        uint256 approvals = (terms >> 32) & 0xff;
        uint256 roots = (terms >> 40) & 0xff;
        fits = fits && held[PUBLISHER] != 0 && approvals != 0 && approvals <= held[APPROVER]
            && roots > 1 && roots <= held[ROOT];
        if (!fits || uint32(terms) > DELAY_MAX || terms >> 48 > ProductWord.RESTRICTED) {
            revert BadRoles();
        }
    }

    /// @dev Gives a product its members, under a new epoch.
    /// @param product Product. @param word Its word. @param list Members. @param terms Terms.
    function _setRoles(bytes32 product, uint256 word, bytes calldata list, uint256 terms) private {
        uint32 epoch = word.epoch() + 1;
        uint256 count = list.length / MEMBER;
        for (uint256 i = 0; i < count; ++i) {
            uint256 member = uint168(bytes21(list[i * MEMBER:]));
            bytes32 key = keccak256(abi.encode(product, epoch, address(uint160(member >> 8))));
            members[key] = (member & 0xff) | (i << 8);
        }
        word = word.withTerms(epoch, terms);
        heads[product].product = word;
        emit RolesSet(product, word, list);
    }

    /// @dev Where a member stands in the list.
    /// @param product Product. @param epoch Epoch of its roles. @param who Member. @param role Role.
    /// @return His position, MEMBERS_MAX if he does not hold the role.
    function _position(bytes32 product, uint32 epoch, address who, uint8 role)
        private
        view
        returns (uint256)
    {
        uint256 member = members[keccak256(abi.encode(product, epoch, who))];
        return uint8(member) == role ? member >> 8 : MEMBERS_MAX;
    }

    /// @dev Refuses everybody but publishers.
    /// @param product Product. @param word Its word.
    function _onlyPublisher(bytes32 product, uint256 word) private view {
        if (_position(product, word.epoch(), msg.sender, PUBLISHER) == MEMBERS_MAX) {
            revert NotPublisher();
        }
    }

    /// @dev Refuses a release that goes back. A head that is not there is not read.
    /// @param release Its word. @param head Head of its product. @param word Product word.
    function _checkRises(uint256 release, Head storage head, uint256 word) private view {
        if (!word.hasHead()) {
            return;
        }
        uint256 newest = head.word;
        if (release.version() <= newest.version()) {
            revert VersionNotRising();
        }
        if (release.counter() < newest.counter()) {
            revert CounterFalls(newest.counter());
        }
    }

    /// @dev Refuses a release that is not there, or revoked.
    /// @param release Its word.
    function _checkLive(uint256 release) private pure {
        if (release == 0) {
            revert UnknownRelease();
        }
        if (release.isRevoked()) {
            revert ReleaseRevoked();
        }
    }

    /// @param product Product. @param index Index of a release. @return Its key in `releases`.
    function _entry(bytes32 product, uint32 index) private pure returns (bytes32) {
        return keccak256(abi.encode(product, index));
    }
}
